// The inputs of an operator on boxes as device code reads them. Plain data.

#ifndef ROIOPS_CUDA_ROI_INPUTS_H_
#define ROIOPS_CUDA_ROI_INPUTS_H_

#include <cstddef>
#include <cstdint>

#include "roi/feature_map.h"

namespace roiops {

constexpr int kMaxCudaMaps = 64;

struct CudaMap {
  const void* data;
  int32_t height;
  int32_t width;
  float spatial_scale;
  int32_t vector;  // neighbouring pixels that one aligned load may take: a power of two, at most 16 bytes
};

// Pointers are to device memory.
struct RoiInputs {
  CudaMap maps[kMaxCudaMaps];
  int32_t map_count;
  bool float_boxes;  // boxes are float32, otherwise of the maps' type
  bool wide_batch;   // batch is int64, otherwise int32
  bool batch_is_counts;
  bool batch_in_boxes;  // each row of boxes begins with its image
  const void* boxes;    // (count, 4), or 5 with the image
  const void* batch;
  const int64_t* levels;  // null: all boxes are on map 0
  int64_t count;
  int64_t images;
  int64_t channels;
};

// Fills in the maps, at most kMaxCudaMaps of the same images and channels; extents are below 2^31.
void SetMaps(RoiInputs& inputs, const FeatureMap* maps, size_t count, size_t element_size);

}  // namespace roiops

#endif  // ROIOPS_CUDA_ROI_INPUTS_H_
