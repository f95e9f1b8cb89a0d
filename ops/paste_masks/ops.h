// The operator of this folder.

#ifndef ROIOPS_PASTE_MASKS_OPS_H_
#define ROIOPS_PASTE_MASKS_OPS_H_

#include "ort/custom_op.h"

namespace roiops {

// PasteMasks(masks, boxes, image_size) -> pasted
void AddPasteMasks(ort::OperatorList& list);

}  // namespace roiops

#endif  // ROIOPS_PASTE_MASKS_OPS_H_
