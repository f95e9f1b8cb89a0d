// The node's attribute, and what it can take.

#ifndef ROIOPS_HEATMAPS_TO_KEYPOINTS_OPTIONS_H_
#define ROIOPS_HEATMAPS_TO_KEYPOINTS_OPTIONS_H_

#include <stdint.h>

namespace roiops {

enum class KeypointConvention {
  kTorchvision,  // (x, y, 1), and the value of the peak as score
  kDetectron2,   // (x, y, value of the peak, score), the softmax over the map as score
};

// Boxes are upsampled to sides of at most this many pixels.
constexpr int64_t kMaxKeypointSide = 65536;

}  // namespace roiops

#endif  // ROIOPS_HEATMAPS_TO_KEYPOINTS_OPTIONS_H_
