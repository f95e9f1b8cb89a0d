// The pixels a bin reads along one axis, as a stream: nothing is stored, so host and device share it.

#ifndef ROIOPS_AXIS_BIN_TAPS_H_
#define ROIOPS_AXIS_BIN_TAPS_H_

#include <cstdint>

#include "axis/sampling.h"
#include "roi_align/cpu/axis_plan.h"

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

// A sample along one axis: the weighted sum of its first `count` pixels.
struct AxisSample {
  int count;
  int64_t index[2];
  double weight[2];
};

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

}  // namespace roiops

#endif  // ROIOPS_AXIS_BIN_TAPS_H_
