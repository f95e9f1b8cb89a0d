// What boxes are pooled from, and the size of what they are pooled to.

#ifndef ROIOPS_ROI_FEATURE_MAP_H_
#define ROIOPS_ROI_FEATURE_MAP_H_

#include <cstdint>

namespace roiops {

// One dense NCHW tensor. Boxes are in units of its pixels divided by `spatial_scale`.
struct FeatureMap {
  const void* data;
  int64_t images;
  int64_t channels;
  int64_t height;
  int64_t width;
  float spatial_scale;
};

struct OutputSize {
  int64_t height;
  int64_t width;
};

}  // namespace roiops

#endif  // ROIOPS_ROI_FEATURE_MAP_H_
