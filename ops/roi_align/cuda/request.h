// What the CUDA kernels are given. Plain data: it travels to the device as the kernels' one argument.

#ifndef ROIOPS_ROI_ALIGN_CUDA_REQUEST_H_
#define ROIOPS_ROI_ALIGN_CUDA_REQUEST_H_

#include <cstdint>

#include "roi_align/cpu/pool.h"

namespace roiops {

constexpr int kMaxCudaMaps = 64;

struct CudaMap {
  const void* data;
  int32_t height;
  int32_t width;
  float spatial_scale;
  int32_t vector;  // neighbouring pixels that one aligned load may take: a power of two, at most 16 bytes
};

// Extents are below 2^31.
CudaMap MakeCudaMap(const FeatureMap& map, size_t element_size);

// Pointers are to device memory. A box whose image or level does not exist or which is not finite gets zeros:
// only the device sees these, and to report them would cost a synchronisation.
struct CudaRequest {
  CudaMap maps[kMaxCudaMaps];
  int32_t map_count;
  bool float_boxes;  // boxes are float32, otherwise of the maps' type
  bool wide_batch;   // batch is int64, otherwise int32
  bool batch_is_counts;
  const void* boxes;  // (count, 4)
  const void* batch;
  const int64_t* levels;  // null: all boxes are on map 0
  void* output;           // (count, channels, output height, output width)
  int64_t count;
  int64_t images;
  int64_t channels;
  OutputSize size;
  SamplingRule rule;
  Pooling pooling;
  int64_t
      channel_tile;  // channels and output rows of a task, which is what a block of threads does at a time
  int64_t row_tile;
  int64_t row_tiles;
  int64_t tasks;  // the tiles of all boxes
};

// Fills in the tiles and the number of tasks, from the sizes.
void ChooseTiles(CudaRequest& request);

// Enqueues the pooling on a stream (a cudaStream_t). Null if that went well, otherwise CUDA's description of
// the error. Neither waits for the device nor allocates, so it can be captured in a CUDA graph.
template <class Stored>
const char* LaunchCudaPooling(const CudaRequest& request, void* stream);

// Loads the kernels to the current device: null, or CUDA's description of why it cannot run them.
template <class Stored>
const char* LoadCudaPooling();

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_CUDA_REQUEST_H_
