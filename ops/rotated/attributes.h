// The attributes that say what angles mean.

#ifndef ROIOPS_ROTATED_ATTRIBUTES_H_
#define ROIOPS_ROTATED_ATTRIBUTES_H_

#include "ort/attributes.h"
#include "rotated/box.h"

namespace roiops {

// `clockwise` and `angle_unit`; throws Error.
inline AngleRule ReadAngleRule(const ort::KernelInfo& info, bool clockwise) {
  return {ort::ReadFlag(info, "clockwise", clockwise),
          ort::ReadChoice(info, "angle_unit", {"radians", "degrees"}) == 1};
}

}  // namespace roiops

#endif  // ROIOPS_ROTATED_ATTRIBUTES_H_
