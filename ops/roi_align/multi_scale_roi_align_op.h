// MultiScaleRoiAlign(boxes, batch, levels, X_0, ..., X_{L-1}) -> Y of the domain "roiops".

#ifndef ROIOPS_ROI_ALIGN_MULTI_SCALE_ROI_ALIGN_OP_H_
#define ROIOPS_ROI_ALIGN_MULTI_SCALE_ROI_ALIGN_OP_H_

#include <vector>

#include "ort/custom_op.h"

namespace roiops {

void AddMultiScaleRoiAlign(std::vector<ort::CustomOp>& operators);

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_MULTI_SCALE_ROI_ALIGN_OP_H_
