// Keypoints from heatmaps, on the CPU. Knows nothing of ONNX Runtime.

#ifndef ROIOPS_HEATMAPS_TO_KEYPOINTS_CPU_KEYPOINTS_H_
#define ROIOPS_HEATMAPS_TO_KEYPOINTS_CPU_KEYPOINTS_H_

#include <cstdint>

#include "base/parallel.h"
#include "heatmaps_to_keypoints/options.h"

namespace roiops {

// Map p of box k is maps[(k * keypoints + p) * height * width ...], and box k boxes[4 * k ...], finite and at
// most kMaxKeypointSide wide and high; maps have pixels.
template <class Stored, class BoxType>
struct KeypointRequest {
  const Stored* maps;
  const BoxType* boxes;
  int64_t count;
  int64_t keypoints;
  int64_t height;
  int64_t width;
  BoxType* points;  // (count, keypoints, 3), or 4 as Detectron2
  BoxType* scores;  // (count, keypoints)
};

// Throws std::bad_alloc if memory for scratch cannot be had: for each running work item, three times the size
// of a map and some rows and columns of the upsampled one.
template <class Stored, class BoxType>
void HeatmapsToKeypoints(const KeypointRequest<Stored, BoxType>& request, KeypointConvention convention,
                         const ParallelFor& parallel_for);

}  // namespace roiops

#endif  // ROIOPS_HEATMAPS_TO_KEYPOINTS_CPU_KEYPOINTS_H_
