#include "pooling/cpu/plan_store.h"

#include <algorithm>
#include <iterator>

namespace roiops {

// Lists the pixels that have taps and turns the taps' pixels into indices of that list.
template <class Acc>
void PlanStore<Acc>::ListPixels(const Handle& first) {
  const size_t count = taps_.size() - first.taps;
  Tap<Acc>* const taps = taps_.data() + first.taps;
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

template <class Acc>
void PlanStore<Acc>::ListUnorderedPixels(const Handle& first) {
  const auto mine = std::next(pixels_.begin(), int64_t(first.pixels));
  std::transform(std::next(taps_.begin(), int64_t(first.taps)), taps_.end(), mine,
                 [](const Tap<Acc>& tap) { return tap.index; });
  std::sort(mine, pixels_.end());
  pixels_.erase(std::unique(mine, pixels_.end()), pixels_.end());
  const int32_t* const pixels = pixels_.data() + first.pixels;
  int32_t listed = 0;
  for (size_t t = first.taps; t < taps_.size(); ++t) {
    while (pixels[listed] < taps_[t].index) ++listed;
    while (pixels[listed] > taps_[t].index) --listed;
    taps_[t].index = listed;
  }
}

template class PlanStore<float>;
template class PlanStore<double>;

}  // namespace roiops
