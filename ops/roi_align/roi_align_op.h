// RoiAlign(X, boxes, batch) -> Y of the domain "roiops".

#ifndef ROIOPS_ROI_ALIGN_ROI_ALIGN_OP_H_
#define ROIOPS_ROI_ALIGN_ROI_ALIGN_OP_H_

#include <vector>

#include "ort/custom_op.h"

namespace roiops {

void AddRoiAlign(std::vector<ort::CustomOp>& operators);

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_ROI_ALIGN_OP_H_
