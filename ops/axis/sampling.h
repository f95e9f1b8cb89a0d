// The coordinate rules of RoIAlign: where the samples of a box lie along one axis.
//
// Everything that decides what the operator computes is in this file, and nothing else is: `aligned`,
// `sampling_ratio`, the smallest size of a box, the test that a sample is outside the map, the clamps at its
// borders. It is compiled for the host and for CUDA devices. docs/semantics.md states the same rules in
// words.
//
// Two results are discontinuous in the coordinates: how many samples a bin has, and whether a sample is
// inside the map. They are taken in the arithmetic `A` of the boxes with the operations torchvision and ONNX
// Runtime use, in their order, so that all three agree on them. Positions are continuous and computed in
// double.

#ifndef ROIOPS_AXIS_SAMPLING_H_
#define ROIOPS_AXIS_SAMPLING_H_

#include <cmath>
#include <cstdint>

#include "base/host_device.h"

namespace roiops {

// The most samples one bin can have along one axis.
constexpr int64_t kMaxGrid = 2147483647;

template <class A>
struct AxisSampling;

struct SamplingRule {
  template <class A>
  using Axis = AxisSampling<A>;

  bool aligned;
  int64_t sampling_ratio;  // samples per bin and axis; <= 0: one per pixel of the bin, rounded up
};

// The samples of one box along one axis: `bins` bins of `grid` samples each over a map of `extent` pixels.
template <class A>
struct AxisSampling {
  static constexpr bool kAverages = true;

  A start;
  A bin_size;
  double exact_start;
  double exact_bin_size;
  int64_t grid;
  int64_t extent;
  bool all_inside;  // every sample is: the first and the last are, and positions are monotonic

  AxisSampling() = default;  // not initialised, so that it can lie in memory shared by a block of threads

  ROIOPS_HOST_DEVICE AxisSampling(A low, A high, float scale, int64_t bins, int64_t map_extent,
                                  const SamplingRule& rule)
      : extent(map_extent) {
    const A offset = rule.aligned ? A(0.5) : A(0);
    start = RoundedProduct(low, A(scale)) - offset;
    A size = RoundedProduct(high, A(scale)) - offset - start;
    exact_start = RoundedProduct(double(low), double(scale)) - double(offset);
    double exact_size = RoundedProduct(double(high), double(scale)) - double(offset) - exact_start;
    Divide(size, exact_size, bins, rule);
    all_inside = grid > 0 && extent > 0 && IsInside(0, 0) && IsInside(bins - 1, grid - 1);
  }

  // Samples along an axis of a box's own, whose origin is the box's centre: `extent` and `all_inside` have no
  // meaning there.
  ROIOPS_HOST_DEVICE static AxisSampling Centred(A length, float scale, int64_t bins,
                                                 const SamplingRule& rule) {
    AxisSampling axis;
    axis.extent = 0;
    axis.all_inside = false;
    A size = RoundedProduct(length, A(scale));
    double exact_size = RoundedProduct(double(length), double(scale));
    axis.Divide(size, exact_size, bins, rule);
    axis.start = -size / 2;
    axis.exact_start = -exact_size / 2;
    return axis;
  }

  // Position of sample `i` of bin `bin` as the inside test sees it.
  ROIOPS_HOST_DEVICE A TestedPosition(int64_t bin, int64_t i) const {
    return (start + RoundedProduct(A(bin), bin_size)) + RoundedProduct(A(i) + A(0.5), bin_size) / A(grid);
  }

  ROIOPS_HOST_DEVICE bool IsInside(int64_t bin, int64_t i) const {
    const A position = TestedPosition(bin, i);
    return position >= A(-1) && position <= A(extent);
  }

  ROIOPS_HOST_DEVICE double ExactPosition(int64_t bin, int64_t i) const {
    const double step = exact_bin_size / double(grid);
    return exact_start + double(bin) * exact_bin_size + (double(i) + 0.5) * step;
  }

 private:
  // Into bins and samples; a box that is not aligned has a size of at least 1.
  ROIOPS_HOST_DEVICE void Divide(A& size, double& exact_size, int64_t bins, const SamplingRule& rule) {
    if (!rule.aligned) {
      size = size > A(1) ? size : A(1);
      exact_size = exact_size > 1.0 ? exact_size : 1.0;
    }
    bin_size = size / A(bins);
    exact_bin_size = exact_size / double(bins);
    if (rule.sampling_ratio > 0) {
      grid = rule.sampling_ratio < kMaxGrid ? rule.sampling_ratio : kMaxGrid;
    } else {
      const A wanted = ceil(bin_size);
      grid = wanted >= A(kMaxGrid) ? kMaxGrid : (wanted > A(0) ? int64_t(wanted) : 0);
    }
  }
};

// First index in [0, n) for which `rejects` holds, n if there is none; `rejects` must not go back to false.
template <class Predicate>
ROIOPS_HOST_DEVICE inline int64_t FirstRejected(int64_t n, const Predicate& rejects) {
  int64_t low = 0;
  int64_t high = n;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (rejects(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

struct SampleRange {
  int64_t begin;
  int64_t end;
};

// The samples of a bin that are inside the map, -1 <= position <= extent. Positions are monotonic in the bin
// and in the sample's index, also after rounding, so the samples inside are one range; NaN positions are
// outside.
template <class A>
ROIOPS_HOST_DEVICE inline SampleRange InsideSamples(const AxisSampling<A>& axis, int64_t bin) {
  if (axis.all_inside) return {0, axis.grid};
  if (axis.grid == 0 || axis.extent == 0) return {0, 0};
  const A far = A(axis.extent);
  const bool ascending = axis.bin_size >= A(0);
  const auto not_before = [&](int64_t i) {
    const A position = axis.TestedPosition(bin, i);
    return ascending ? position >= A(-1) : position <= far;
  };
  const auto behind = [&](int64_t i) {
    const A position = axis.TestedPosition(bin, i);
    return !(ascending ? position <= far : position >= A(-1));
  };
  const int64_t begin = FirstRejected(axis.grid, not_before);
  const int64_t end = FirstRejected(axis.grid, behind);
  return {begin, begin < end ? end : begin};
}

// Where an inside sample lies: at pixel low + fraction. At a border, where positions are clamped to the
// outermost pixel's centre, fraction is 0 and there may be no pixel low + 1.
struct SamplePosition {
  int64_t low;
  double fraction;
};

template <class A>
ROIOPS_HOST_DEVICE inline SamplePosition PositionOfSample(const AxisSampling<A>& axis, int64_t bin,
                                                          int64_t i) {
  const double position = axis.ExactPosition(bin, i);
  const double last_pixel = double(axis.extent - 1);
  const double clamped = position < 0 ? 0 : (position > last_pixel ? last_pixel : position);
  const int64_t low = int64_t(clamped);
  return {low, clamped - double(low)};
}

// Samples of one bin that lie between the same two pixels, low and low + 1: `count` of them, evenly spaced,
// the first at low + first and the last at low + last. At a border, where positions are clamped to the
// outermost pixel's centre, first and last are 0 and pixel low + 1 has no weight (it may not exist).
struct SampleRun {
  int64_t low;
  double first;
  double last;
  int64_t count;
};

// Calls visit(SampleRun) for the runs of a bin's inside samples, in ascending order of position, and returns
// the number of inside samples. The work is bounded by the pixels of the map, whatever the number of samples.
template <class A, class Visit>
ROIOPS_HOST_DEVICE inline int64_t ForEachRun(const AxisSampling<A>& axis, int64_t bin, Visit&& visit) {
  const SampleRange range = InsideSamples(axis, bin);
  const int64_t count = range.end - range.begin;
  if (count == 0) return 0;
  const double signed_step = axis.exact_bin_size / double(axis.grid);
  const double step = fabs(signed_step);
  const double bin_start = axis.exact_start + double(bin) * axis.exact_bin_size;
  const int64_t leftmost = signed_step < 0 ? range.end - 1 : range.begin;
  const double origin = bin_start + (double(leftmost) + 0.5) * signed_step;
  const double last_pixel = double(axis.extent - 1);
  for (int64_t i = 0; i < count;) {
    const double position = origin + double(i) * step;
    // The run reaches to `limit`: samples at or left of pixel 0, samples of one gap, samples at or right of
    // the last.
    double limit = 0;
    int64_t low = 0;
    bool clamped = true;
    if (position >= last_pixel) {
      limit = INFINITY;
      low = axis.extent - 1;
    } else if (position > 0) {
      low = int64_t(position);
      limit = double(low + 1);
      clamped = false;
    }
    int64_t last = i;
    if (i + 1 < count && origin + double(i + 1) * step <= limit) {
      const double reach = floor((limit - origin) / step);
      last = reach < double(count - 1) ? int64_t(reach)
                                       : count - 1;  // also when the step is 0: reach is inf or NaN
      if (last < i) last = i;
    }
    SampleRun run = {low, 0, 0, last - i + 1};
    if (!clamped) {
      const double last_fraction = origin + double(last) * step - double(low);
      run.first = position - double(low);
      run.last = last_fraction < 1 ? last_fraction : 1;
    }
    visit(run);
    i = last + 1;
  }
  return count;
}

}  // namespace roiops

#endif  // ROIOPS_AXIS_SAMPLING_H_
