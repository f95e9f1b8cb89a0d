// What a box asks of one axis, ready for the kernels: for each bin its samples, for each sample its taps.
//
// The average of a bin is linear, so all its samples merge into one whose taps carry the count too. A maximum
// keeps samples apart; those between two pixels lie on a line, so the first and the last of them hold its
// extremes. Either way the number of taps is bounded by the map and the output, not by the number of samples.

#ifndef ROIOPS_ROI_ALIGN_AXIS_PLAN_H_
#define ROIOPS_ROI_ALIGN_AXIS_PLAN_H_

#include <cstdint>
#include <vector>

#include "roi_align/sampling.h"

namespace roiops {

enum class Pooling {
  kAverage,
  kMax,           // the maximum over interpolated samples
  kMaxOfCorners,  // the maximum over tap times weight: what standard ONNX means by "max"
};

template <class Weight>
struct alignas(2 * sizeof(Weight)) Tap {
  int32_t index;
  Weight weight;
};

// Ranges are stored by their ends, in one list for all boxes of a group; a box owns a part of it.
template <class Weight>
struct AxisPlan {
  const uint32_t* sample_end;  // per bin, relative to the box's first sample
  const uint32_t* tap_end;     // per sample, relative to the box's first tap
  const Tap<Weight>* taps;     // their index counts in `pixels`
  const int32_t* pixels;       // the pixels that have taps, ascending
  int32_t pixel_count;
};

// Storage for the plans of a group of boxes. Offsets, not pointers, while it grows.
template <class Weight>
class PlanStore {
 public:
  struct Handle {
    size_t ends;
    size_t taps;
    size_t pixels;
    int32_t pixel_count;
    uint32_t bins;
  };

  void Clear() {
    ends_.clear();
    taps_.clear();
    pixels_.clear();
  }

  template <class A>
  Handle Add(const AxisSampling<A>& axis, int64_t bins, Pooling pooling);

  AxisPlan<Weight> Get(const Handle& handle) const {
    const uint32_t* ends = ends_.data() + handle.ends;
    return {ends, ends + handle.bins, taps_.data() + handle.taps, pixels_.data() + handle.pixels,
            handle.pixel_count};
  }

 private:
  template <class A>
  void AddBin(const AxisSampling<A>& axis, int64_t bin, Pooling pooling);
  void AddTap(int64_t index, double weight) { taps_.push_back({int32_t(index), Weight(weight)}); }
  void NumberPixels();

  std::vector<uint32_t> ends_;
  std::vector<Tap<Weight>> taps_;
  std::vector<int32_t> pixels_;

  // Of the axis being added.
  size_t first_tap_ = 0;
  std::vector<uint32_t> tap_ends_;
  std::vector<int32_t> numbers_;
};

// Most bytes the plan of one axis can take.
template <class Weight>
size_t AxisPlanBound(int64_t extent, int64_t bins, const SamplingRule& rule, Pooling pooling);

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_AXIS_PLAN_H_
