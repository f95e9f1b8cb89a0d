#include "roi_align/cpu/axis_plan.h"

#include <algorithm>
#include <iterator>
#include <new>

#include "axis/bin_taps.h"

namespace roiops {

// Two taps for each sample, whichever pixels they share: quickly planned, and as all bins have as many, the
// branches of the kernels are predicted. With more than two samples merging their taps saves more than that.
// The axis is a copy, so that storing taps does not make the compiler load its fields again.
template <class Weight>
template <class A>
void PlanStore<Weight>::AddSamples(AxisSampling<A> axis, int64_t bins) {
  const double share = 1 / double(axis.grid);
  const size_t first = taps_.size();
  taps_.resize(first + size_t(2 * bins * axis.grid));
  Tap<Weight>* tap = taps_.data() + first;
  uint32_t end = 0;
  for (int64_t bin = 0; bin < bins; ++bin) {
    for (int64_t i = 0; i < axis.grid; ++i, tap += 2) {
      const SamplePlace place = PlaceOfSample(axis, bin, i);
      // A pixel without weight is not read, and may not exist.
      const bool single = place.fraction == 0;
      tap[0] = {int32_t(place.low), Weight((single ? 0.5 : 1 - place.fraction) * share)};
      tap[1] = {int32_t(place.low) + int32_t(!single), Weight((single ? 0.5 : place.fraction) * share)};
    }
    end += uint32_t(2 * axis.grid);
    tap_ends_.push_back(end);
  }
}

template <class Weight>
template <class A>
void PlanStore<Weight>::AddAverage(AxisSampling<A> axis, int64_t bins, size_t first_tap) {
  if (axis.all_inside && axis.grid <= 2) return AddSamples(axis, bins);
  for (int64_t bin = 0; bin < bins; ++bin) {
    ForEachAverageTap(axis, bin, [&](int64_t index, double weight) { AddTap(index, weight); });
    tap_ends_.push_back(uint32_t(taps_.size() - first_tap));
  }
}

template <class Weight>
template <class A>
void PlanStore<Weight>::AddMaximum(AxisSampling<A> axis, int64_t bins, Pooling pooling, const Handle& first) {
  for (int64_t bin = 0; bin < bins; ++bin) {
    ForEachExtremeSample(axis, bin, pooling, [&](const AxisSample& sample) {
      for (int i = 0; i < sample.count; ++i) AddTap(sample.index[i], sample.weight[i]);
      tap_ends_.push_back(uint32_t(taps_.size() - first.taps));
    });
    sample_ends_.push_back(uint32_t(tap_ends_.size() - first.tap_ends));
  }
}

// Lists the pixels that have taps and turns the taps' indices into places in that list.
template <class Weight>
void PlanStore<Weight>::ListPixels(const Handle& first) {
  const size_t count = taps_.size() - first.taps;
  Tap<Weight>* const taps = taps_.data() + first.taps;
  pixels_.resize(first.pixels + count);
  int32_t* const pixels = pixels_.data() + first.pixels;
  // The samples of a box ascend as a rule, and then a tap's pixel is a new one or one of the last two.
  int32_t older = -1;
  int32_t newest = -1;
  int32_t listed = 0;
  for (size_t t = 0; t < count; ++t) {
    const int32_t pixel = taps[t].index;
    const bool is_new = pixel > newest;
    older = is_new ? newest : older;
    newest = is_new ? pixel : newest;
    if (pixel != newest && pixel != older) {
      for (size_t before = 0; before < t; ++before) taps[before].index = pixels[taps[before].index];
      return ListUnorderedPixels(first);
    }
    pixels[listed] = pixel;
    listed += int32_t(is_new);
    taps[t].index = listed - 1 - int32_t(pixel != newest);
  }
  pixels_.resize(first.pixels + size_t(listed));
}

template <class Weight>
void PlanStore<Weight>::ListUnorderedPixels(const Handle& first) {
  const auto mine = std::next(pixels_.begin(), int64_t(first.pixels));
  std::transform(std::next(taps_.begin(), int64_t(first.taps)), taps_.end(), mine,
                 [](const Tap<Weight>& tap) { return tap.index; });
  std::sort(mine, pixels_.end());
  pixels_.erase(std::unique(mine, pixels_.end()), pixels_.end());
  const int32_t* const pixels = pixels_.data() + first.pixels;
  int32_t place = 0;
  for (size_t t = first.taps; t < taps_.size(); ++t) {
    while (pixels[place] < taps_[t].index) ++place;
    while (pixels[place] > taps_[t].index) --place;
    taps_[t].index = place;
  }
}

template <class Weight>
template <class A>
typename PlanStore<Weight>::Handle PlanStore<Weight>::Add(const AxisSampling<A>& axis, int64_t bins,
                                                          Pooling pooling) {
  Handle handle = {sample_ends_.size(), tap_ends_.size(), taps_.size(), pixels_.size(), 0};
  if (pooling == Pooling::kAverage) {
    AddAverage(axis, bins, handle.taps);
  } else {
    AddMaximum(axis, bins, pooling, handle);
  }
  // The ends are 32-bit numbers. More taps than that, 32 GiB of them, are refused like any lack of memory.
  if (std::max(taps_.size() - handle.taps, tap_ends_.size() - handle.tap_ends) > UINT32_MAX) {
    throw std::bad_alloc();
  }
  ListPixels(handle);
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
