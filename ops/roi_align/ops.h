// The operators of this folder.

#ifndef ROIOPS_ROI_ALIGN_OPS_H_
#define ROIOPS_ROI_ALIGN_OPS_H_

#include "ort/custom_op.h"

namespace roiops {

// RoiAlign(X, boxes, batch) -> Y
void AddRoiAlign(ort::OperatorList& list);

// MultiScaleRoiAlign(boxes, batch, levels, X_0, ..., X_{L-1}) -> Y
void AddMultiScaleRoiAlign(ort::OperatorList& list);

// RoiAlign(X, rois, batch_indices) -> Y of the standard ONNX domain, opset 16 and later
void AddStandardRoiAlign(ort::OperatorList& list);

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_OPS_H_
