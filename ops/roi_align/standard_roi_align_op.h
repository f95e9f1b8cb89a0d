// RoiAlign(X, rois, batch_indices) -> Y of the standard ONNX domain, opset 16 and later: our kernel under its
// name.

#ifndef ROIOPS_ROI_ALIGN_STANDARD_ROI_ALIGN_OP_H_
#define ROIOPS_ROI_ALIGN_STANDARD_ROI_ALIGN_OP_H_

#include <vector>

#include "ort/custom_op.h"

namespace roiops {

void AddStandardRoiAlign(std::vector<ort::CustomOp>& operators);

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_STANDARD_ROI_ALIGN_OP_H_
