// What the CUDA kernels are given. Plain data: it travels to the device as the kernels' one argument.

#ifndef ROIOPS_HEATMAPS_TO_KEYPOINTS_CUDA_REQUEST_H_
#define ROIOPS_HEATMAPS_TO_KEYPOINTS_CUDA_REQUEST_H_

#include "heatmaps_to_keypoints/options.h"

namespace roiops {

// Pointers are to device memory. A box that is not finite or larger than kMaxKeypointSide gets zeros: only
// the device sees these, and to report them would cost a synchronisation. Maps have 1 to kMaxKeypointSide
// pixels per axis. A work item is a map.
struct CudaKeypointRequest {
  const void* maps;   // (count, keypoints, height, width)
  const void* boxes;  // (count, 4)
  bool float_boxes;   // boxes, points and scores are float32, otherwise of the maps' type
  void* points;       // (count, keypoints, 3), or 4 as Detectron2
  void* scores;       // (count, keypoints)
  int64_t count;
  int64_t keypoints;
  int64_t height;
  int64_t width;
  KeypointConvention convention;
};

// Enqueues the work on a stream (a cudaStream_t). Null if that went well, otherwise CUDA's description of the
// error. Neither waits for the device nor allocates, so it can be captured in a CUDA graph.
template <class Stored>
const char* LaunchCudaKeypoints(const CudaKeypointRequest& request, void* stream);

// Loads the kernels to the current device: null, or CUDA's description of why it cannot run them.
template <class Stored>
const char* LoadCudaKeypoints();

}  // namespace roiops

#endif  // ROIOPS_HEATMAPS_TO_KEYPOINTS_CUDA_REQUEST_H_
