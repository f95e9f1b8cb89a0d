// The operators of this folder.

#ifndef ROIOPS_ROI_POOL_OPS_H_
#define ROIOPS_ROI_POOL_OPS_H_

#include "ort/custom_op.h"

namespace roiops {

// RoiPool(X, boxes, batch) -> Y
void AddRoiPool(ort::OperatorList& list);

// MaxRoiPool(X, rois) -> Y of the standard ONNX domain, all opsets
void AddMaxRoiPool(ort::OperatorList& list);

}  // namespace roiops

#endif  // ROIOPS_ROI_POOL_OPS_H_
