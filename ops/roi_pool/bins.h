// The pixels of every bin of one axis: a rule of rounded coordinates.

#ifndef ROIOPS_ROI_POOL_BINS_H_
#define ROIOPS_ROI_POOL_BINS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace roiops {

// Pixels [begin, end); none if they are equal.
struct PixelRange {
  int64_t begin;
  int64_t end;
};

// One axis of one box. Real is float, or double for features of float64: a rounding error in these operations
// adds or removes a pixel, so their order is part of the definition.
template <class Real>
class BinsOfPixels {
 public:
  BinsOfPixels(Real low, Real high, float spatial_scale, int64_t bins, int64_t extent)
      : start_(Rounded(low * Real(spatial_scale))), extent_(extent) {
    const int64_t last = Rounded(high * Real(spatial_scale));
    bin_ = Real(std::max<int64_t>(last - start_ + 1, 1)) / Real(bins);
  }

  PixelRange operator[](int64_t bin) const {
    return {Cut(std::floor(Real(bin) * bin_)), Cut(std::ceil(Real(bin + 1) * bin_))};
  }

 private:
  // Half away from zero. Beyond this many pixels a coordinate tells nothing but that it is far away.
  static int64_t Rounded(Real coordinate) {
    constexpr Real kFarthest = 1 << 30;
    return int64_t(std::round(std::clamp(coordinate, -kFarthest, kFarthest)));
  }

  int64_t Cut(Real pixel) const { return std::clamp<int64_t>(int64_t(pixel) + start_, 0, extent_); }

  int64_t start_;
  int64_t extent_;
  Real bin_;
};

}  // namespace roiops

#endif  // ROIOPS_ROI_POOL_BINS_H_
