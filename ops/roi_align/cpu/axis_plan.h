// What a box asks of one axis, ready for the kernels: for each bin its samples, for each sample its taps.
//
// The average of a bin is linear, so all its samples merge into one whose taps carry the count too. A maximum
// keeps samples apart; those between two pixels lie on a line, so the first and the last of them hold its
// extremes. Either way the number of taps is bounded by the map and the output, not by the number of samples.

#ifndef ROIOPS_ROI_ALIGN_CPU_AXIS_PLAN_H_
#define ROIOPS_ROI_ALIGN_CPU_AXIS_PLAN_H_

#include <cstdint>
#include <vector>

#include "axis/sampling.h"
#include "axis/tap.h"

namespace roiops {

enum class Pooling {
  kAverage,
  kMax,           // the maximum over interpolated samples
  kMaxOfCorners,  // the maximum over tap times weight: what standard ONNX means by "max"
};

// Ranges are stored by their ends, in one list for all boxes of a group; a box owns a part of it.
template <class Weight>
struct AxisPlan {
  const uint32_t* sample_end;  // per bin of a maximum, relative to the box's first sample; a bin that is
                               // averaged is one sample
  const uint32_t* tap_end;     // per sample, relative to the box's first tap
  const Tap<Weight>* taps;     // their index counts in `pixels`
  const int32_t* pixels;       // the pixels that have taps, ascending
  int32_t pixel_count;
};

// Storage for the plans of a group of boxes. Offsets, not pointers, while it grows.
template <class Weight>
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

  template <class A>
  Handle Add(const AxisSampling<A>& axis, int64_t bins, Pooling pooling);

  AxisPlan<Weight> Get(const Handle& handle) const {
    return {sample_ends_.data() + handle.sample_ends, tap_ends_.data() + handle.tap_ends,
            taps_.data() + handle.taps, pixels_.data() + handle.pixels, handle.pixel_count};
  }

 private:
  template <class A>
  void AddSamples(AxisSampling<A> axis, int64_t bins);
  template <class A>
  void AddAverage(AxisSampling<A> axis, int64_t bins, size_t first_tap);
  template <class A>
  void AddMaximum(AxisSampling<A> axis, int64_t bins, Pooling pooling, const Handle& first);
  void AddTap(int64_t index, double weight) { taps_.push_back({int32_t(index), Weight(weight)}); }
  void ListPixels(const Handle& first);
  void ListUnorderedPixels(const Handle& first);

  std::vector<uint32_t> sample_ends_;
  std::vector<uint32_t> tap_ends_;
  std::vector<Tap<Weight>> taps_;
  std::vector<int32_t> pixels_;
};

// Most bytes the plan of one axis can take.
template <class Weight>
size_t AxisPlanBound(int64_t extent, int64_t bins, const SamplingRule& rule, Pooling pooling);

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_CPU_AXIS_PLAN_H_
