// The operators of mmdeploy's and mmcv's ONNX Runtime backends, by the names that their exporters write. All
// are of float32 and since version 1; docs/mmdeploy.md has what differs from the libraries they came with.

#ifndef ROIOPS_MMDEPLOY_OPS_H_
#define ROIOPS_MMDEPLOY_OPS_H_

#include "ort/custom_op.h"

namespace roiops::mmdeploy {

// NMSRotated(boxes, scores) -> selected
void AddNmsRotated(ort::OperatorList& list);

// MMCVRoIAlignRotated(x, rois) -> y
void AddRoiAlignRotated(ort::OperatorList& list);

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_OPS_H_
