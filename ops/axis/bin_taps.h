// The pixels a bin reads along one axis, as a stream: nothing is stored, so host and device share it.

#ifndef ROIOPS_AXIS_BIN_TAPS_H_
#define ROIOPS_AXIS_BIN_TAPS_H_

#include <cstdint>

#include "axis/sampling.h"
#include "axis/tap.h"

namespace roiops {

// Calls visit(index, weight) for the pixels whose weighted sum is the bin's average along the axis. A pixel
// is visited once; one without weight is not visited.
template <class A, class Visit>
ROIOPS_HOST_DEVICE inline void ForEachAverageTap(const AxisSampling<A>& axis, int64_t bin,
                                                 const Visit& visit) {
  // Runs ascend, so only the last one's two pixels can get more weight.
  int64_t low = -2;
  double low_weight = 0;
  double high_weight = 0;
  const auto leave = [&](int64_t index, double weight) {
    if (weight != 0) visit(index, weight / double(axis.grid));
  };
  ForEachRun(axis, bin, [&](const SampleRun& run) {
    const double high = double(run.count) * 0.5 * (run.first + run.last);
    double low_more = double(run.count) - high;
    double high_more = high;
    if (run.low == low) {
      low_more += low_weight;
      high_more += high_weight;
    } else {
      leave(low, low_weight);
      if (run.low == low + 1) {
        low_more += high_weight;
      } else {
        leave(low + 1, high_weight);
      }
    }
    low = run.low;
    low_weight = low_more;
    high_weight = high_more;
  });
  leave(low, low_weight);
  leave(low + 1, high_weight);
}

// Calls visit(AxisSample) for the samples among which the bin's maximum is. Samples between two pixels lie on
// a line, so the first and the last of a run hold its extremes.
template <class A, class Visit>
ROIOPS_HOST_DEVICE inline void ForEachExtremeSample(const AxisSampling<A>& axis, int64_t bin, Pooling pooling,
                                                    const Visit& visit) {
  const bool corners = pooling == Pooling::kMaxOfCorners;
  const auto add = [&](int64_t low, double fraction) {
    const int64_t high = low + 1 < axis.extent ? low + 1 : axis.extent - 1;
    visit(AxisSample{corners ? 1 : 2, {low, high}, {1 - fraction, fraction}});
    if (corners) visit(AxisSample{1, {high, high}, {fraction, fraction}});
  };
  const int64_t inside = ForEachRun(axis, bin, [&](const SampleRun& run) {
    add(run.low, run.first);
    if (run.last != run.first) add(run.low, run.last);
  });
  // A sample outside the map counts as zero, and so does a bin without samples.
  if (inside < axis.grid || axis.grid == 0) visit(AxisSample{0, {0, 0}, {0, 0}});
}

// Calls add_tap(index, weight) for the taps of a bin and end_sample() after those of each sample. For the
// average all samples are merged into one.
template <class A, class AddTap, class EndSample>
ROIOPS_HOST_DEVICE inline void ForEachBinTap(const AxisSampling<A>& axis, int64_t bin, Pooling pooling,
                                             const AddTap& add_tap, const EndSample& end_sample) {
  if (pooling == Pooling::kAverage) {
    ForEachAverageTap(axis, bin, add_tap);
    end_sample();
  } else {
    ForEachExtremeSample(axis, bin, pooling, [&](const AxisSample& sample) {
      for (int i = 0; i < sample.count; ++i) add_tap(sample.index[i], sample.weight[i]);
      end_sample();
    });
  }
}

// More of either than any memory for plans holds, and few enough for 32-bit products.
constexpr int64_t kTooManyTaps = 1 << 20;

// What a bin takes in a plan. The number of taps is odd: threads that read the same tap of neighbouring bins
// then hit different banks of shared memory.
template <class A>
ROIOPS_HOST_DEVICE inline BinCapacity CapacityOf(const AxisSampling<A>& axis, Pooling pooling) {
  const auto smaller = [](int64_t a, int64_t b) { return a < b ? a : b; };
  // A bin reaches over its size, rounded up, and one pixel on each side; one more for rounding. The
  // comparison is false for a size that is not a number.
  const A reach = fabs(axis.bin_size) + A(4);
  const int64_t reached = reach < A(axis.extent) ? int64_t(reach) : axis.extent;
  const int32_t pixels = int32_t(smaller(reached, kTooManyTaps));
  const int32_t grid = int32_t(smaller(axis.grid, kTooManyTaps));
  if (pooling == Pooling::kAverage) {
    const int32_t taps = int32_t(smaller(2 * grid, pixels));
    return {1, taps | 1};
  }
  const int32_t extremes = int32_t(smaller(grid, 2 * (pixels + 1)));
  const int32_t per_extreme = pooling == Pooling::kMaxOfCorners ? 2 : 1;
  return {per_extreme * extremes + 1, 2 * extremes + 1};
}

// The most runs of the samples of a box along an axis. Bins follow one another, so together they visit a
// pixel's gap once, and once more for each bin that starts in it.
inline double MostRuns(const SamplingRule& rule, int64_t extent, int64_t bins) {
  const double runs = double(extent) + 1 + 2.0 * double(bins);
  const double samples = double(bins) * double(rule.sampling_ratio);
  return rule.sampling_ratio > 0 && samples < runs ? samples : runs;
}

}  // namespace roiops

#endif  // ROIOPS_AXIS_BIN_TAPS_H_
