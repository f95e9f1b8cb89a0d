#include "roi_align/axis_plan.h"

#include <algorithm>
#include <new>

#include "roi_align/bin_taps.h"

namespace roiops {

template <class Weight>
template <class A>
void PlanStore<Weight>::AddBin(const AxisSampling<A>& axis, int64_t bin, Pooling pooling) {
  const auto end_sample = [&] { tap_ends_.push_back(uint32_t(taps_.size() - first_tap_)); };
  if (pooling == Pooling::kAverage) {
    ForEachAverageTap(axis, bin, [&](int64_t index, double weight) { AddTap(index, weight); });
    end_sample();
  } else {
    ForEachExtremeSample(axis, bin, pooling, [&](const AxisSample& sample) {
      for (int i = 0; i < sample.count; ++i) AddTap(sample.index[i], sample.weight[i]);
      end_sample();
    });
  }
}

// Lists the pixels that have taps and turns the taps' indices into places in that list.
template <class Weight>
void PlanStore<Weight>::NumberPixels() {
  int32_t low = INT32_MAX;
  int32_t high = -1;
  for (size_t i = first_tap_; i < taps_.size(); ++i) {
    low = std::min(low, taps_[i].index);
    high = std::max(high, taps_[i].index);
  }
  if (high < 0) return;
  numbers_.assign(size_t(high - low) + 1, 0);
  for (size_t i = first_tap_; i < taps_.size(); ++i) numbers_[size_t(taps_[i].index - low)] = 1;
  int32_t next = 0;
  for (size_t i = 0; i < numbers_.size(); ++i) {
    if (!numbers_[i]) continue;
    pixels_.push_back(low + int32_t(i));
    numbers_[i] = next++;
  }
  for (size_t i = first_tap_; i < taps_.size(); ++i) taps_[i].index = numbers_[size_t(taps_[i].index - low)];
}

template <class Weight>
template <class A>
typename PlanStore<Weight>::Handle PlanStore<Weight>::Add(const AxisSampling<A>& axis, int64_t bins,
                                                          Pooling pooling) {
  Handle handle = {ends_.size(), taps_.size(), pixels_.size(), 0, uint32_t(bins)};
  first_tap_ = taps_.size();
  tap_ends_.clear();
  for (int64_t bin = 0; bin < bins; ++bin) {
    AddBin(axis, bin, pooling);
    ends_.push_back(uint32_t(tap_ends_.size()));
  }
  // The ends are 32-bit numbers. More taps than that, 32 GiB of them, are refused like any lack of memory.
  if (std::max(taps_.size() - first_tap_, tap_ends_.size()) > UINT32_MAX) throw std::bad_alloc();
  ends_.insert(ends_.end(), tap_ends_.begin(), tap_ends_.end());
  NumberPixels();
  handle.pixel_count = int32_t(pixels_.size() - handle.pixels);
  return handle;
}

template <class Weight>
size_t AxisPlanBound(int64_t extent, int64_t bins, const SamplingRule& rule, Pooling pooling) {
  // Bins follow one another, so together their runs visit a pixel's gap once, and once more for each bin that
  // starts in it. A gap between pixels has two taps, or for a maximum two samples of two taps.
  double runs = double(extent) + 1 + 2.0 * double(bins);
  if (rule.sampling_ratio > 0) runs = std::min(runs, double(bins) * double(rule.sampling_ratio));
  const bool average = pooling == Pooling::kAverage;
  const double taps = (average ? 2.0 : 4.0) * runs;
  const double samples = average ? double(bins) : 4.0 * runs + double(bins);
  return size_t(taps * (sizeof(Tap<Weight>) + sizeof(int32_t)) + (samples + double(bins)) * sizeof(uint32_t));
}

template class PlanStore<float>;
template class PlanStore<double>;
template PlanStore<float>::Handle PlanStore<float>::Add(const AxisSampling<float>&, int64_t, Pooling);
template PlanStore<double>::Handle PlanStore<double>::Add(const AxisSampling<double>&, int64_t, Pooling);
template size_t AxisPlanBound<float>(int64_t, int64_t, const SamplingRule&, Pooling);
template size_t AxisPlanBound<double>(int64_t, int64_t, const SamplingRule&, Pooling);

}  // namespace roiops
