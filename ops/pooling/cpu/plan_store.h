// Sampling plans of a group of boxes, made and kept.

#ifndef ROIOPS_POOLING_CPU_PLAN_STORE_H_
#define ROIOPS_POOLING_CPU_PLAN_STORE_H_

#include <algorithm>
#include <cstdint>
#include <new>
#include <vector>

#include "axis/bin_taps.h"
#include "pooling/cpu/axis_plan.h"

namespace roiops {

// Storage for the plans of a group of boxes. Offsets, not pointers, while it grows.
template <class Acc>
class PlanStore {
 public:
  struct Handle {
    size_t sample_ends;
    size_t tap_ends;
    size_t taps;
    size_t pixels;
    int32_t pixel_count;
  };

  void Clear() {
    sample_ends_.clear();
    tap_ends_.clear();
    taps_.clear();
    pixels_.clear();
  }

  // Makes room for `times` as much as there is.
  void Reserve(size_t times) {
    sample_ends_.reserve(times * sample_ends_.size());
    tap_ends_.reserve(times * tap_ends_.size());
    taps_.reserve(times * taps_.size());
    pixels_.reserve(times * pixels_.size());
  }

  template <class Axis>
  Handle Add(const Axis& axis, int64_t bins, Pooling pooling);

  AxisPlan<Acc> Get(const Handle& handle) const {
    return {sample_ends_.data() + handle.sample_ends, tap_ends_.data() + handle.tap_ends,
            taps_.data() + handle.taps, pixels_.data() + handle.pixels, handle.pixel_count};
  }

 private:
  template <class A>
  void AddSamples(AxisSampling<A> axis, int64_t bins);
  template <class Axis>
  void AddBins(const Axis& axis, int64_t bins, Pooling pooling, const Handle& first);
  void ListPixels(const Handle& first);
  void ListUnorderedPixels(const Handle& first);

  std::vector<uint32_t> sample_ends_;
  std::vector<uint32_t> tap_ends_;
  std::vector<Tap<Acc>> taps_;
  std::vector<int32_t> pixels_;
};

// Two taps for each sample, whichever pixels they share: quickly planned, and as all bins have as many, the
// branches of the kernels are predicted. With more than two samples merging their taps saves more than that.
// The axis is a copy, so that storing taps does not make the compiler load its fields again.
template <class Acc>
template <class A>
void PlanStore<Acc>::AddSamples(AxisSampling<A> axis, int64_t bins) {
  const double share = 1 / double(axis.grid);
  const size_t first = taps_.size();
  taps_.resize(first + size_t(2 * bins * axis.grid));
  Tap<Acc>* tap = taps_.data() + first;
  uint32_t end = 0;
  for (int64_t bin = 0; bin < bins; ++bin) {
    for (int64_t i = 0; i < axis.grid; ++i, tap += 2) {
      const SamplePosition position = PositionOfSample(axis, bin, i);
      // A pixel without weight is not read, and may not exist.
      const bool single = position.fraction == 0;
      tap[0] = {int32_t(position.low), Acc((single ? 0.5 : 1 - position.fraction) * share)};
      tap[1] = {int32_t(position.low) + int32_t(!single), Acc((single ? 0.5 : position.fraction) * share)};
    }
    end += uint32_t(2 * axis.grid);
    tap_ends_.push_back(end);
  }
}

template <class Acc>
template <class Axis>
void PlanStore<Acc>::AddBins(const Axis& axis, int64_t bins, Pooling pooling, const Handle& first) {
  const auto add_tap = [&](int64_t index, double weight) { taps_.push_back({int32_t(index), Acc(weight)}); };
  const auto end_sample = [&] { tap_ends_.push_back(uint32_t(taps_.size() - first.taps)); };
  for (int64_t bin = 0; bin < bins; ++bin) {
    ForEachBinTap(axis, bin, pooling, add_tap, end_sample);
    if (pooling != Pooling::kAverage) sample_ends_.push_back(uint32_t(tap_ends_.size() - first.tap_ends));
  }
}

template <class Acc>
template <class Axis>
typename PlanStore<Acc>::Handle PlanStore<Acc>::Add(const Axis& axis, int64_t bins, Pooling pooling) {
  Handle handle = {sample_ends_.size(), tap_ends_.size(), taps_.size(), pixels_.size(), 0};
  bool added = false;
  if constexpr (Axis::kAverages) {
    added = pooling == Pooling::kAverage && axis.all_inside && axis.grid <= 2;
    if (added) AddSamples(axis, bins);
  }
  if (!added) AddBins(axis, bins, pooling, handle);
  // The ends are 32-bit numbers. More taps than that, 32 GiB of them, are refused like any lack of memory.
  if (std::max(taps_.size() - handle.taps, tap_ends_.size() - handle.tap_ends) > UINT32_MAX) {
    throw std::bad_alloc();
  }
  ListPixels(handle);
  handle.pixel_count = int32_t(pixels_.size() - handle.pixels);
  return handle;
}

// Most bytes the plan of one axis can take.
template <class Acc, class Rule>
size_t AxisPlanBound(int64_t extent, int64_t bins, const Rule& rule, Pooling pooling) {
  // A gap between pixels has two taps, or for a maximum two samples of two taps.
  const double runs = MostRuns(rule, extent, bins);
  const bool average = pooling == Pooling::kAverage;
  const double taps = (average ? 2.0 : 4.0) * runs;
  const double samples = average ? double(bins) : 4.0 * runs + double(bins);
  return size_t(taps * (sizeof(Tap<Acc>) + sizeof(int32_t)) + (samples + double(bins)) * sizeof(uint32_t));
}

}  // namespace roiops

#endif  // ROIOPS_POOLING_CPU_PLAN_STORE_H_
