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

// MMCVDeformConv2d(x, offset, weight) -> y
void AddDeformConv(ort::OperatorList& list);

// MMCVModulatedDeformConv2d(x, offset, mask, weight, bias?) -> y
void AddModulatedDeformConv(ort::OperatorList& list);

// MMCVMultiScaleDeformableAttention(value, spatial_shapes, level_start_index, sampling_locations,
//                                   attention_weights) -> y
void AddDeformableAttention(ort::OperatorList& list);

// MMCVRotatedFeatureAlign(features, best_rbboxes) -> y
void AddRotatedFeatureAlign(ort::OperatorList& list);

// MMCVRoiAlign(x, rois) -> y
void AddRoiAlign(ort::OperatorList& list);

// grid_sampler(x, grid) -> y
void AddGridSampler(ort::OperatorList& list);

// NonMaxSuppression(boxes, scores) -> kept
void AddNms(ort::OperatorList& list);

// NMSMatch(boxes, scores, iou_threshold, score_threshold) -> matches
void AddNmsMatch(ort::OperatorList& list);

// SoftNonMaxSuppression(boxes, scores) -> detections, kept
void AddSoftNms(ort::OperatorList& list);

// cummax(x) -> values, indices
void AddCummax(ort::OperatorList& list);

// cummin(x) -> values, indices
void AddCummin(ort::OperatorList& list);

// MMCVCornerPool(x) -> y
void AddCornerPool(ort::OperatorList& list);

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_OPS_H_
