// RoIPool as a rule of axes (pooling/options.h): bins of whole pixels. The formula is that of Fast R-CNN
// (Caffe) as torchvision, Paddle and ONNX Runtime's MaxRoiPool compute it.

#ifndef ROIOPS_ROI_POOL_RULE_H_
#define ROIOPS_ROI_POOL_RULE_H_

#include <cmath>

#include "axis/tap.h"
#include "base/host_device.h"
#include "pooling/options.h"

namespace roiops {

template <class A>
struct PixelBins;

struct RoiPoolRule {
  template <class A>
  using Axis = PixelBins<A>;
};

struct PixelRange {
  int64_t begin;
  int64_t end;
};

// The bins of one box along one axis. Bins may share pixels, and those off the map have none.
template <class A>
struct PixelBins {
  static constexpr bool kAverages = false;

  int64_t start;
  A bin_size;
  int64_t extent;

  PixelBins() = default;  // not initialised, so that it can lie in memory shared by a block of threads

  ROIOPS_HOST_DEVICE PixelBins(A low, A high, float scale, int64_t bins, int64_t map_extent,
                               const RoiPoolRule&)
      : start(Rounded(RoundedProduct(low, A(scale)))), extent(map_extent) {
    const int64_t size = Rounded(RoundedProduct(high, A(scale))) - start + 1;
    bin_size = A(size > 1 ? size : 1) / A(bins);
  }

  ROIOPS_HOST_DEVICE PixelRange Pixels(int64_t bin) const {
    return {Cut(floor(A(bin) * bin_size)), Cut(ceil(A(bin + 1) * bin_size))};
  }

 private:
  // Half away from zero; at most so far from pixel 0 that sizes have 32 bits.
  ROIOPS_HOST_DEVICE static int64_t Rounded(A position) {
    constexpr int64_t kFarthest = int64_t(1) << 30;
    if (position >= A(kFarthest)) return kFarthest;
    if (position <= A(-kFarthest)) return -kFarthest;
    return int64_t(round(position));
  }

  ROIOPS_HOST_DEVICE int64_t Cut(A pixel) const {
    const int64_t on_map = int64_t(pixel) + start;
    return on_map < 0 ? 0 : (on_map > extent ? extent : on_map);
  }
};

// Each pixel of the bin, which are its samples; a bin without pixels has one sample, without taps: zero.
template <class A, class Visit>
ROIOPS_HOST_DEVICE inline void ForEachExtremeSample(const PixelBins<A>& axis, int64_t bin, Pooling,
                                                    const Visit& visit) {
  const PixelRange pixels = axis.Pixels(bin);
  if (pixels.begin >= pixels.end) visit(AxisSample{0, {0, 0}, {0, 0}});
  for (int64_t i = pixels.begin; i < pixels.end; ++i) visit(AxisSample{1, {i, i}, {1, 1}});
}

template <class A, class AddTap, class EndSample>
ROIOPS_HOST_DEVICE inline void ForEachBinTap(const PixelBins<A>& axis, int64_t bin, Pooling,
                                             const AddTap& add_tap, const EndSample& end_sample) {
  const PixelRange pixels = axis.Pixels(bin);
  if (pixels.begin >= pixels.end) end_sample();
  for (int64_t i = pixels.begin; i < pixels.end; ++i) {
    add_tap(i, 1);
    end_sample();
  }
}

template <class A>
ROIOPS_HOST_DEVICE inline BinCapacity CapacityOf(const PixelBins<A>& axis, Pooling) {
  constexpr int64_t kTooMany = 1 << 20;  // more than any memory for plans holds
  const A reach = axis.bin_size + A(3);
  int64_t pixels = reach < A(axis.extent) ? int64_t(reach) : axis.extent;
  pixels = pixels > kTooMany ? kTooMany : (pixels < 1 ? 1 : pixels);
  return {int32_t(pixels), int32_t(pixels | 1)};
}

// Neighbouring bins share at most two pixels.
inline double MostRuns(const RoiPoolRule&, int64_t extent, int64_t bins) {
  return double(extent) + 2.0 * double(bins);
}

}  // namespace roiops

#endif  // ROIOPS_ROI_POOL_RULE_H_
