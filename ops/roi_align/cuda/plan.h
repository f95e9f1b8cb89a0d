// The taps of one box in the memory that the threads of a block share.
//
// A bin has a fixed number of places for samples and taps, so that every bin is planned by a thread of its
// own. The number comes from the size of the bin; were it ever too small, or is a bin too large for the
// memory, the plan does not fit and the outputs are computed without one.

#ifndef ROIOPS_ROI_ALIGN_CUDA_PLAN_H_
#define ROIOPS_ROI_ALIGN_CUDA_PLAN_H_

#include "axis/bin_taps.h"

namespace roiops {

// Places of one bin. The number of taps is odd: threads that read the same tap of neighbouring bins then hit
// different banks of shared memory.
struct BinPlaces {
  int32_t samples;
  int32_t taps;
};

// More places than any plan has, and few enough for 32-bit products.
constexpr int64_t kTooManyPlaces = 1 << 20;

template <class A>
ROIOPS_HOST_DEVICE inline BinPlaces PlacesOf(const AxisSampling<A>& axis, Pooling pooling) {
  const auto smaller = [](int64_t a, int64_t b) { return a < b ? a : b; };
  // A bin reaches over its size, rounded up, and one pixel on each side; one more for rounding. The
  // comparison is false for a size that is not a number.
  const A reach = fabs(axis.bin_size) + A(4);
  const int64_t reached = reach < A(axis.extent) ? int64_t(reach) : axis.extent;
  const int32_t pixels = int32_t(smaller(reached, kTooManyPlaces));
  const int32_t grid = int32_t(smaller(axis.grid, kTooManyPlaces));
  if (pooling == Pooling::kAverage) {
    const int32_t taps = int32_t(smaller(2 * grid, pixels));
    return {1, taps | 1};
  }
  const int32_t extremes = int32_t(smaller(grid, 2 * (pixels + 1)));
  const int32_t per_extreme = pooling == Pooling::kMaxOfCorners ? 2 : 1;
  return {per_extreme * extremes + 1, 2 * extremes + 1};
}

// The taps of one sample, by their places.
struct alignas(8) TapRange {
  int32_t begin;
  int32_t end;
};

// What a bin made of its places.
struct BinPlan {
  int32_t samples;
  int32_t first_index;  // the pixels that have taps; none if last < first
  int32_t last_index;
  bool fits;
};

// Fills the places of one bin, `samples` and those of `taps` from `first_tap` on. Unused samples have no
// taps; unused taps get index 0 and no weight.
template <class Weight>
ROIOPS_DEVICE_CALL BinPlan PlanBin(const AxisSampling<Weight>& axis, int64_t bin, Pooling pooling,
                                   BinPlaces places, TapRange* samples, Tap<Weight>* taps,
                                   int32_t first_tap) {
  BinPlan plan = {0, INT32_MAX, -1, true};
  const int32_t end_tap = first_tap + places.taps;
  int32_t tap = first_tap;
  int32_t sample_begin = first_tap;
  const auto add_tap = [&](int64_t index, double weight) {
    if (tap == end_tap) {
      plan.fits = false;
      return;
    }
    taps[tap++] = {int32_t(index), Weight(weight)};
    plan.first_index = plan.first_index < index ? plan.first_index : int32_t(index);
    plan.last_index = plan.last_index > index ? plan.last_index : int32_t(index);
  };
  const auto end_sample = [&] {
    if (plan.samples == places.samples) {
      plan.fits = false;
      return;
    }
    samples[plan.samples++] = {sample_begin, tap};
    sample_begin = tap;
  };
  if (pooling == Pooling::kAverage) {
    ForEachAverageTap(axis, bin, add_tap);
    end_sample();
  } else {
    ForEachExtremeSample(axis, bin, pooling, [&](const AxisSample& sample) {
      for (int i = 0; i < sample.count; ++i) add_tap(sample.index[i], sample.weight[i]);
      end_sample();
    });
  }
  while (tap < end_tap) taps[tap++] = {0, Weight(0)};
  for (int32_t i = plan.samples; i < places.samples; ++i) samples[i] = {first_tap, first_tap};
  return plan;
}

// The plans of neighbouring bins: bin i has places.samples * i .. and places.taps * i .. for its own.
template <class Weight, int kBins, int kSamples, int kTaps>
struct AxisPlaces {
  Tap<Weight> taps[kTaps];
  TapRange samples[kSamples];
  BinPlan bins[kBins];

  // How many bins there is room for.
  ROIOPS_HOST_DEVICE static int BinsOf(const BinPlaces& places) {
    const int by_samples = kSamples / places.samples;
    const int by_taps = kTaps / places.taps;
    const int bins = by_samples < by_taps ? by_samples : by_taps;
    return bins < kBins ? bins : kBins;
  }

  ROIOPS_HOST_DEVICE void Plan(const AxisSampling<Weight>& axis, int64_t bin, int at, Pooling pooling,
                               const BinPlaces& places) {
    bins[at] = PlanBin(axis, bin, pooling, places, samples + places.samples * at, taps, places.taps * at);
  }
};

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_CUDA_PLAN_H_
