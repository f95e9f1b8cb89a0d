// A pixel and its weight in a sum.

#ifndef ROIOPS_AXIS_TAP_H_
#define ROIOPS_AXIS_TAP_H_

#include <cstdint>

namespace roiops {

template <class Weight>
struct alignas(2 * sizeof(Weight)) Tap {
  int32_t index;
  Weight weight;
};

}  // namespace roiops

#endif  // ROIOPS_AXIS_TAP_H_
