#include "heatmaps_to_keypoints/cpu/keypoints.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/isa.h"
#include "heatmaps_to_keypoints/axis.h"
#include "heatmaps_to_keypoints/cpu/kernel.h"

namespace roiops {
namespace {

template <class Stored>
FindPeak<Stored> Kernel();
template <>
FindPeak<float> Kernel<float>() {
  return ActiveKernels<HeatmapsToKeypointsKernels>().f32;
}
template <>
FindPeak<double> Kernel<double>() {
  return ActiveKernels<HeatmapsToKeypointsKernels>().f64;
}
template <>
FindPeak<Half> Kernel<Half>() {
  return ActiveKernels<HeatmapsToKeypointsKernels>().f16;
}
template <>
FindPeak<BFloat16> Kernel<BFloat16>() {
  return ActiveKernels<HeatmapsToKeypointsKernels>().bf16;
}

template <class Acc>
class AxisPlan {
 public:
  AxisPlan(int64_t size, int64_t upsampled)
      : size_(size), starts_(size_t(size) + 2), bases_(size_t(upsampled)), weights_(size_t(4 * upsampled)) {
    int64_t cell = 0;
    for (int64_t p = 0; p < upsampled; ++p) {
      const CubicTaps<Acc> taps = CubicTapsOf<Acc>(size, upsampled, p);
      bases_[size_t(p)] = int32_t(taps.base);
      for (int tap = 0; tap < 4; ++tap) weights_[size_t(tap * upsampled + p)] = taps.weights[tap];
      while (cell <= taps.base + 1) starts_[size_t(cell++)] = int32_t(p);
    }
    while (cell < size + 2) starts_[size_t(cell++)] = int32_t(upsampled);
  }

  CubicAxis<Acc> View() const {
    return {size_,         int64_t(bases_.size()), starts_.data(),
            bases_.data(), weights_.data(),        int64_t(bases_.size())};
  }

 private:
  const int64_t size_;
  std::vector<int32_t> starts_;
  std::vector<int32_t> bases_;
  std::vector<Acc> weights_;
};

// The score of Detectron2: the softmax of the upsampled map at its peak, normalised by the sum over the map
// itself.
template <class Stored, class Acc>
Acc SoftmaxScore(const Stored* map, int64_t pixels, Acc peak) {
  double sum = 0;
  for (int64_t i = 0; i < pixels; ++i) sum += double(std::exp(ToFloat(map[i]) - peak));
  return Acc(1 / sum);
}

template <class BoxType, class Value>
BoxType StoredAs(Value value) {
  if constexpr (std::is_same_v<BoxType, Half>) {
    return ToHalf(float(value));
  } else if constexpr (std::is_same_v<BoxType, BFloat16>) {
    return ToBFloat16(float(value));
  } else {
    return BoxType(value);
  }
}

// Some keypoints of one box.
template <class Stored, class BoxType>
void FindKeypoints(const KeypointRequest<Stored, BoxType>& request, KeypointConvention convention, int64_t k,
                   int64_t first, int64_t last) {
  using Acc = typename ComputeType<Stored>::Type;
  Acc low[2], side[2];
  int64_t upsampled[2];
  for (int axis = 0; axis < 2; ++axis) {
    low[axis] = Acc(ToFloat(request.boxes[4 * k + axis]));
    side[axis] = KeypointSide(low[axis], Acc(ToFloat(request.boxes[4 * k + axis + 2])));
    upsampled[axis] = int64_t(std::ceil(side[axis]));
  }
  const AxisPlan<Acc> columns(request.width, upsampled[0]);
  const AxisPlan<Acc> rows(request.height, upsampled[1]);
  PeakRequest<Stored> peaks = {};
  peaks.rows = rows.View();
  peaks.columns = columns.View();
  int64_t elements = 0;
  const auto allocate = [&](const auto& take) {
    peaks.scratch.Allocate(request.height, request.width, upsampled[0], take);
  };
  allocate([&](Acc*&, int64_t count) { elements += count; });
  std::vector<Acc> memory(static_cast<size_t>(elements));
  Acc* at = memory.data();
  allocate([&](Acc*& array, int64_t count) {
    array = at;
    at += count;
  });

  const int64_t pixels = request.height * request.width;
  const bool detectron2 = convention == KeypointConvention::kDetectron2;
  for (int64_t p = k * request.keypoints + first; p < k * request.keypoints + last; ++p) {
    peaks.map = request.maps + p * pixels;
    const Peak<Acc> peak = Kernel<Stored>()(peaks);
    const auto centre = [&](int axis, int64_t pixel) {
      return (Acc(pixel) + Acc(0.5)) * (side[axis] / Acc(upsampled[axis])) + low[axis];
    };
    const Acc score = detectron2 ? SoftmaxScore(peaks.map, pixels, peak.value) : peak.value;
    BoxType* point = request.points + (detectron2 ? 4 : 3) * p;
    point[0] = StoredAs<BoxType>(centre(0, peak.column));
    point[1] = StoredAs<BoxType>(centre(1, peak.row));
    point[2] = StoredAs<BoxType>(detectron2 ? peak.value : Acc(1));
    if (detectron2) point[3] = StoredAs<BoxType>(score);
    request.scores[p] = StoredAs<BoxType>(score);
  }
}

}  // namespace

template <class Stored, class BoxType>
void HeatmapsToKeypoints(const KeypointRequest<Stored, BoxType>& request, KeypointConvention convention,
                         const ParallelFor& parallel_for) {
  if (request.count == 0 || request.keypoints == 0) return;
  // Keypoints of a box share its plans; they are split where there are few boxes.
  const int64_t wanted = 8 * ProcessorCount();
  const int64_t parts = std::clamp(wanted / request.count, int64_t(1), request.keypoints);
  RunWorkItems(parallel_for, request.count * parts, [&](int64_t item) {
    const int64_t part = item % parts;
    FindKeypoints(request, convention, item / parts, request.keypoints * part / parts,
                  request.keypoints * (part + 1) / parts);
  });
}

template void HeatmapsToKeypoints(const KeypointRequest<float, float>&, KeypointConvention,
                                  const ParallelFor&);
template void HeatmapsToKeypoints(const KeypointRequest<double, double>&, KeypointConvention,
                                  const ParallelFor&);
template void HeatmapsToKeypoints(const KeypointRequest<Half, Half>&, KeypointConvention, const ParallelFor&);
template void HeatmapsToKeypoints(const KeypointRequest<Half, float>&, KeypointConvention,
                                  const ParallelFor&);
template void HeatmapsToKeypoints(const KeypointRequest<BFloat16, BFloat16>&, KeypointConvention,
                                  const ParallelFor&);
template void HeatmapsToKeypoints(const KeypointRequest<BFloat16, float>&, KeypointConvention,
                                  const ParallelFor&);

}  // namespace roiops
