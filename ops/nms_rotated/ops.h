// The operator of this folder.

#ifndef ROIOPS_NMS_ROTATED_OPS_H_
#define ROIOPS_NMS_ROTATED_OPS_H_

#include "ort/custom_op.h"

namespace roiops {

// NmsRotated(boxes, scores) -> selected
void AddNmsRotated(ort::OperatorList& list);

}  // namespace roiops

#endif  // ROIOPS_NMS_ROTATED_OPS_H_
