// Feature maps of several levels, the last and variadic input of a node: X_0, X_1, ...

#ifndef ROIOPS_ROI_PYRAMID_H_
#define ROIOPS_ROI_PYRAMID_H_

#include <vector>

#include "ort/api.h"
#include "roi/feature_map.h"

namespace roiops {

// The attribute spatial_scales of a node whose input `first_map` is X_0; throws Error unless it has a finite
// and positive scale for each map.
std::vector<float> ReadPyramidScales(const ort::KernelInfo& info, size_t first_map);

// The maps; throws Error unless each is as CheckedMap wants it and all have the same images and channels.
std::vector<FeatureMap> CheckedPyramid(const ort::KernelContext& context, size_t first_map,
                                       const std::vector<float>& scales);

}  // namespace roiops

#endif  // ROIOPS_ROI_PYRAMID_H_
