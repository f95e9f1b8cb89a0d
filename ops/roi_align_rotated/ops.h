// The operators of this folder.

#ifndef ROIOPS_ROI_ALIGN_ROTATED_OPS_H_
#define ROIOPS_ROI_ALIGN_ROTATED_OPS_H_

#include "ort/custom_op.h"

namespace roiops {

// RoiAlignRotated(X, boxes, batch) -> Y
void AddRoiAlignRotated(ort::OperatorList& list);

// MultiScaleRoiAlignRotated(boxes, batch, levels, X_0, ..., X_{L-1}) -> Y
void AddMultiScaleRoiAlignRotated(ort::OperatorList& list);

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_ROTATED_OPS_H_
