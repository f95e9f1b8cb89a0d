// The taps of one box in the memory that the threads of a block share.
//
// A bin has a fixed number of slots for samples and taps, so that every bin is planned by a thread of its
// own. The number comes from the size of the bin; were it ever too small, or is a bin too large for the
// memory, the plan does not fit and the outputs are computed without one.

#ifndef ROIOPS_POOLING_CUDA_PLAN_H_
#define ROIOPS_POOLING_CUDA_PLAN_H_

#include "axis/tap.h"
#include "cuda/numbers.h"

namespace roiops {

// The taps of one sample, by their slots.
struct alignas(8) TapRange {
  int32_t begin;
  int32_t end;
};

// Result of planning a bin: slots used, whether they sufficed.
struct BinPlan {
  int32_t samples;
  int32_t first_index;  // the pixels that have taps; none if last < first
  int32_t last_index;
  bool fits;
};

// Fills the slots of one bin, `samples` and those of `taps` from `first_tap` on. Unused samples have no
// taps; unused taps get index 0 and no weight.
template <class Acc, class Axis>
ROIOPS_DEVICE_CALL BinPlan PlanBin(const Axis& axis, int64_t bin, Pooling pooling, BinCapacity slots,
                                   TapRange* samples, Tap<Acc>* taps, int32_t first_tap) {
  BinPlan plan = {0, INT32_MAX, -1, true};
  const int32_t end_tap = first_tap + slots.taps;
  int32_t tap = first_tap;
  int32_t sample_begin = first_tap;
  const auto add_tap = [&](int64_t index, double weight) {
    if (tap == end_tap) {
      plan.fits = false;
      return;
    }
    taps[tap++] = {int32_t(index), Acc(weight)};
    plan.first_index = plan.first_index < index ? plan.first_index : int32_t(index);
    plan.last_index = plan.last_index > index ? plan.last_index : int32_t(index);
  };
  const auto end_sample = [&] {
    if (plan.samples == slots.samples) {
      plan.fits = false;
      return;
    }
    samples[plan.samples++] = {sample_begin, tap};
    sample_begin = tap;
  };
  ForEachBinTap(axis, bin, pooling, add_tap, end_sample);
  while (tap < end_tap) taps[tap++] = {0, Acc(0)};
  for (int32_t i = plan.samples; i < slots.samples; ++i) samples[i] = {first_tap, first_tap};
  return plan;
}

// The plans of neighbouring bins: bin i has slots.samples * i .. and slots.taps * i .. for its own.
template <class Acc, int kBins, int kSamples, int kTaps>
struct AxisSlots {
  Tap<Acc> taps[kTaps];
  TapRange samples[kSamples];
  BinPlan bins[kBins];

  // How many bins there is room for.
  ROIOPS_HOST_DEVICE static int BinsOf(const BinCapacity& slots) {
    const int by_samples = kSamples / slots.samples;
    const int by_taps = kTaps / slots.taps;
    const int bins = by_samples < by_taps ? by_samples : by_taps;
    return bins < kBins ? bins : kBins;
  }

  template <class Axis>
  ROIOPS_HOST_DEVICE void Plan(const Axis& axis, int64_t bin, int at, Pooling pooling,
                               const BinCapacity& slots) {
    bins[at] = PlanBin(axis, bin, pooling, slots, samples + slots.samples * at, taps, slots.taps * at);
  }
};

}  // namespace roiops

#endif  // ROIOPS_POOLING_CUDA_PLAN_H_
