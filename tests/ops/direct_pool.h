// RoIAlign sample by sample in double precision, straight from docs/semantics.md: what the kernels are
// compared with. It shares no code with them.

#ifndef ROIOPS_TESTS_DIRECT_POOL_H_
#define ROIOPS_TESTS_DIRECT_POOL_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace roiops_test {

enum class DirectMode { kAverage, kMax, kMaxOfCorners };

// Where one sample inside the map takes its value from: pixels low and high, mixed by `fraction`.
struct DirectSample {
  int64_t low;
  int64_t high;
  double fraction;
  double position;
};

// The samples of a box along one axis. The number of samples and the test that one is inside the map are
// evaluated in the arithmetic A, positions in double.
template <class A>
struct DirectAxis {
  A start, bin;
  double exact_start, exact_bin;
  int64_t grid;
  int64_t extent;

  DirectAxis(A low, A high, float scale, int64_t bins, int64_t map_extent, bool aligned, int64_t ratio)
      : extent(map_extent) {
    const A offset = aligned ? A(0.5) : A(0);
    start = low * A(scale) - offset;
    A size = (high * A(scale) - offset) - start;
    exact_start = double(low) * double(scale) - double(offset);
    double exact_size = (double(high) * double(scale) - double(offset)) - exact_start;
    if (!aligned && !(size > 1)) size = 1;
    if (!aligned && !(exact_size > 1)) exact_size = 1;
    bin = size / A(bins);
    exact_bin = exact_size / double(bins);
    const double wanted = ratio > 0 ? double(ratio) : double(std::ceil(bin));
    grid = wanted > 0 ? int64_t(std::min(wanted, 2147483647.0)) : 0;
  }

  bool Inside(int64_t p, int64_t i) const {
    const A position = start + A(p) * bin + (A(i) + A(0.5)) * bin / A(grid);
    return position >= A(-1) && position <= A(extent);
  }

  std::vector<DirectSample> InsideSamples(int64_t p) const {
    std::vector<DirectSample> samples;
    if (extent == 0) return samples;
    for (int64_t i = 0; i < grid; ++i) {
      if (!Inside(p, i)) continue;
      const double exact = exact_start + double(p) * exact_bin + (double(i) + 0.5) * exact_bin / double(grid);
      const double position = std::min(std::max(exact, 0.0), double(extent - 1));
      const int64_t low = int64_t(position);
      samples.push_back({low, std::min(low + 1, extent - 1), position - double(low), position});
    }
    return samples;
  }

  // How far rounding alone may move a position.
  double PositionError() const {
    return 1e-15 * (std::fabs(exact_start) + 16 * std::fabs(exact_bin) + double(extent));
  }
};

// One bin of one channel: rows and columns are the bin's inside samples, pixel(y, x) the feature map.
template <class Pixel>
double DirectBin(const std::vector<DirectSample>& rows, const std::vector<DirectSample>& columns,
                 double count, DirectMode mode, const Pixel& pixel) {
  if (count == 0) return 0;
  double sum = 0;
  double largest = double(rows.size()) * double(columns.size()) < count ? 0 : -INFINITY;
  for (const DirectSample& y : rows) {
    for (const DirectSample& x : columns) {
      const double corners[4] = {(1 - y.fraction) * (1 - x.fraction) * pixel(y.low, x.low),
                                 (1 - y.fraction) * x.fraction * pixel(y.low, x.high),
                                 y.fraction * (1 - x.fraction) * pixel(y.high, x.low),
                                 y.fraction * x.fraction * pixel(y.high, x.high)};
      const double value = corners[0] + corners[1] + corners[2] + corners[3];
      sum += value;
      largest = std::max(largest,
                         mode == DirectMode::kMaxOfCorners ? *std::max_element(corners, corners + 4) : value);
    }
  }
  return mode == DirectMode::kAverage ? sum / count : largest;
}

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_DIRECT_POOL_H_
