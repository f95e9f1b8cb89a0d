// Points of a feature map as taps.

#ifndef ROIOPS_MMDEPLOY_SAMPLING_TAPS_H_
#define ROIOPS_MMDEPLOY_SAMPLING_TAPS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "mmdeploy/sampling/kernel.h"

namespace roiops::mmdeploy {

// The taps of some outputs, one output after the other.
class TapList {
 public:
  void Clear() {
    taps_.clear();
    ends_.clear();
  }
  void Add(int64_t pixel, double weight) { taps_.push_back({int32_t(pixel), float(weight)}); }
  void EndOutput() { ends_.push_back(int32_t(taps_.size())); }

  TapSums Sums() const { return {taps_.data(), ends_.data(), int64_t(ends_.size())}; }

 private:
  std::vector<Tap<float>> taps_;
  std::vector<int32_t> ends_;
};

// Pixels [first, first + height * width), row by row.
struct PixelGrid {
  int64_t height;
  int64_t width;
  int64_t first = 0;

  bool Has(int64_t y, int64_t x) const { return y >= 0 && y < height && x >= 0 && x < width; }
  int64_t At(int64_t y, int64_t x) const { return first + y * width + x; }
};

// Adds `weight` times the bilinear value at (y, x), where all around the map is 0. NaN is nowhere.
inline void AddBilinear(TapList& list, const PixelGrid& grid, double y, double x, double weight = 1) {
  if (!(y > -1 && y < double(grid.height) && x > -1 && x < double(grid.width))) return;
  const double top = std::floor(y), left = std::floor(x);
  const double dy = y - top, dx = x - left;
  for (int corner = 0; corner < 4; ++corner) {
    const int64_t row = int64_t(top) + corner / 2, column = int64_t(left) + corner % 2;
    if (!grid.Has(row, column)) continue;
    list.Add(grid.At(row, column), weight * (corner / 2 ? dy : 1 - dy) * (corner % 2 ? dx : 1 - dx));
  }
}

// The same where the map ends in its outer pixels: a point up to one pixel beyond them has their value, and
// one farther away is 0.
inline void AddClampedBilinear(TapList& list, const PixelGrid& grid, double y, double x) {
  if (!(y >= -1 && y <= double(grid.height) && x >= -1 && x <= double(grid.width))) return;
  AddBilinear(list, grid, std::clamp(y, 0.0, double(grid.height - 1)),
              std::clamp(x, 0.0, double(grid.width - 1)));
}

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_SAMPLING_TAPS_H_
