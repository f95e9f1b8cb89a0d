// RoIAlign over rotated boxes that may lie on different feature maps, on the CPU. Knows nothing of ONNX
// Runtime.

#ifndef ROIOPS_ROI_ALIGN_ROTATED_CPU_POOL_H_
#define ROIOPS_ROI_ALIGN_ROTATED_CPU_POOL_H_

#include <cstdint>
#include <vector>

#include "base/parallel.h"
#include "roi/feature_map.h"
#include "roi_align_rotated/sampling.h"

namespace roiops {

struct RotatedOptions {
  OutputSize output;
  RotatedRule rule;
  bool maximum;  // over interpolated samples, instead of their mean
};

// Box k is boxes[columns * k ...] on image images[k] of maps[levels[k]], or of maps[0] where `levels` is
// null. Indices are in range and boxes finite; all maps have the same images and channels and are indexable,
// and no bin is asked to have more than kMostRotatedSamples samples per axis.
template <class Stored, class BoxType>
struct RotatedRequest {
  std::vector<FeatureMap> maps;
  const BoxType* boxes;
  int64_t count;
  const int64_t* images;
  const int64_t* levels;
  Stored* output;  // (count, channels, output height, output width)
  int64_t columns = 5;
};

// Plans count pixels in 32 bits, in rows that are padded to whole vectors.
inline bool IsIndexable(const FeatureMap& map) {
  constexpr int64_t kMostLanes = 16;
  return map.height == 0 || map.width <= INT32_MAX / map.height - kMostLanes;
}

// Throws std::bad_alloc if memory for scratch cannot be had: for plans about kPlanBytes or what one bin
// needs, and per running work item a tile as of RoIAlign.
template <class Stored, class BoxType>
void PoolRotated(const RotatedRequest<Stored, BoxType>& request, const RotatedOptions& options,
                 const ParallelFor& parallel_for);

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_ROTATED_CPU_POOL_H_
