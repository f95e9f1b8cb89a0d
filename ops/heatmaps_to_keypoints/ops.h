// The operator of this folder.

#ifndef ROIOPS_HEATMAPS_TO_KEYPOINTS_OPS_H_
#define ROIOPS_HEATMAPS_TO_KEYPOINTS_OPS_H_

#include "ort/custom_op.h"

namespace roiops {

// HeatmapsToKeypoints(maps, rois) -> keypoints, scores
void AddHeatmapsToKeypoints(ort::OperatorList& list);

}  // namespace roiops

#endif  // ROIOPS_HEATMAPS_TO_KEYPOINTS_OPS_H_
