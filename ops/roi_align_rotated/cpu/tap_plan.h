// Sampling plan of a rotated box: bins → samples → taps. All channels share it.
//
// A turned grid is no product of two axes, so taps are pixels of the map and not of an axis. The average of a
// bin is linear: all its samples merge, as far as they share pixels, and the division by their number is part
// of the weights. A maximum keeps samples apart.

#ifndef ROIOPS_ROI_ALIGN_ROTATED_CPU_TAP_PLAN_H_
#define ROIOPS_ROI_ALIGN_ROTATED_CPU_TAP_PLAN_H_

#include <cstdint>
#include <vector>

#include "axis/tap.h"
#include "roi/feature_map.h"
#include "roi_align_rotated/sampling.h"

namespace roiops {

// The pixels of one row that have taps; last < first if none has.
struct RowSpan {
  int32_t first;
  int32_t last;
};

// Ranges are stored by their ends, in one list for all boxes of a group; a plan owns a part of it.
template <class Acc>
struct TapPlan {
  const uint32_t* sample_end;  // per bin of a maximum, relative to the plan's first sample
  const uint32_t* tap_end;     // per sample of a maximum, per bin of an average; relative to the first tap
  const Tap<Acc>* taps;        // indices are row * stride + column
  const RowSpan* spans;        // of rows [first_row, first_row + row_count)
  int32_t first_row;
  int32_t row_count;
};

// Some of a box's bins: [first, first + count) of rows of `width`.
struct BinRange {
  int64_t first;
  int64_t count;
  int64_t width;
};

// Storage for the plans of a group of boxes. Offsets, not pointers, while it grows.
template <class Acc>
class TapPlanStore {
 public:
  struct Handle {
    size_t sample_ends, tap_ends, taps, spans;
    int32_t first_row, row_count;
  };

  void Clear();

  template <class A>
  Handle Add(const RotatedSampling<A>& box, const BinRange& bins, int64_t stride, bool maximum);

  TapPlan<Acc> Get(const Handle& handle) const {
    return {sample_ends_.data() + handle.sample_ends,
            tap_ends_.data() + handle.tap_ends,
            taps_.data() + handle.taps,
            spans_.data() + handle.spans,
            handle.first_row,
            handle.row_count};
  }

 private:
  struct Window;

  template <class A>
  void AddAverage(const RotatedSampling<A>& box, int64_t p, int64_t q);
  template <class A>
  void AddMaximum(const RotatedSampling<A>& box, int64_t p, int64_t q);
  void AddWindow(const Window& window, double scale);
  void AddSample(Point position, double scale);
  void AddTap(int64_t row, int64_t column, double weight);

  std::vector<uint32_t> sample_ends_;
  std::vector<uint32_t> tap_ends_;
  std::vector<Tap<Acc>> taps_;
  std::vector<RowSpan> spans_;
  std::vector<double> weights_;  // of a window

  // Of the plan that is being added.
  Handle added_;
  int64_t stride_, height_, width_;
};

// The most taps that a bin can take, for memory to be planned with.
template <class Acc>
double MostTapsOfBin(const Acc* box, const FeatureMap& map, OutputSize output, const SamplingRule& rule);

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_ROTATED_CPU_TAP_PLAN_H_
