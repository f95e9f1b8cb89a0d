// Sampling plan along one axis: bins -> samples -> taps.
//
// The average of a bin is linear, so all its samples merge into one whose taps carry the count too. A maximum
// keeps samples apart; those between two pixels lie on a line, so the first and the last of them hold its
// extremes. Either way the number of taps is bounded by the map and the output, not by the number of samples.

#ifndef ROIOPS_POOLING_CPU_AXIS_PLAN_H_
#define ROIOPS_POOLING_CPU_AXIS_PLAN_H_

#include <cstdint>

#include "axis/tap.h"

namespace roiops {

// Ranges are stored by their ends, in one list for all boxes of a group; a box owns a part of it.
template <class Acc>
struct AxisPlan {
  const uint32_t* sample_end;  // per bin of a maximum, relative to the box's first sample; a bin that is
                               // averaged is one sample
  const uint32_t* tap_end;     // per sample, relative to the box's first tap
  const Tap<Acc>* taps;        // their index counts in `pixels`
  const int32_t* pixels;       // the pixels that have taps, ascending
  int32_t pixel_count;
};

}  // namespace roiops

#endif  // ROIOPS_POOLING_CPU_AXIS_PLAN_H_
