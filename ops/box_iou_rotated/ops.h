// The operator of this folder.

#ifndef ROIOPS_BOX_IOU_ROTATED_OPS_H_
#define ROIOPS_BOX_IOU_ROTATED_OPS_H_

#include "ort/custom_op.h"

namespace roiops {

// BoxIouRotated(a, b) -> iou
void AddBoxIouRotated(ort::OperatorList& list);

}  // namespace roiops

#endif  // ROIOPS_BOX_IOU_ROTATED_OPS_H_
