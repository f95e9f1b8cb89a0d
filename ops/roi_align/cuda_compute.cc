#include "roi_align/cuda_compute.h"

#include <stdexcept>

namespace roiops {
namespace {

// How many neighbours of a row can be loaded at once wherever in the map they are.
int32_t AlignedNeighbours(const FeatureMap& map, size_t element_size) {
  for (int32_t count = 4; count > 1; count /= 2) {
    const bool aligned = reinterpret_cast<uintptr_t>(map.data) % (size_t(count) * element_size) == 0;
    if (aligned && map.width % count == 0) return count;
  }
  return 1;
}

}  // namespace

CudaRequest CudaProvider::CheckedRequest(const std::vector<FeatureMap>& maps, const BoxInputs& inputs,
                                         const PoolOptions& options, size_t element_size) {
  if (maps.size() > size_t(kMaxCudaMaps)) {
    Fail("there are ", maps.size(), " feature maps; the CUDA kernel takes at most ", kMaxCudaMaps);
  }
  const int64_t count = CheckedBoxCount(inputs.boxes, inputs.boxes_name);
  if (inputs.batch_is_counts) {
    CheckVector(inputs.batch, inputs.batch_name, maps[0].images, "number of images");
  } else {
    CheckVector(inputs.batch, inputs.batch_name, count, "number of boxes");
  }
  if (inputs.levels) CheckVector(*inputs.levels, "levels", count, "number of boxes");

  CudaRequest request = {};
  for (const FeatureMap& map : maps) {
    request.maps[request.map_count++] = {map.data, int32_t(map.height), int32_t(map.width), map.spatial_scale,
                                         AlignedNeighbours(map, element_size)};
  }
  request.batch_is_counts = inputs.batch_is_counts;
  request.boxes = inputs.boxes.data;
  request.batch = inputs.batch.data;
  request.levels = inputs.levels ? inputs.levels->As<int64_t>() : nullptr;
  request.count = count;
  request.images = maps[0].images;
  request.channels = maps[0].channels;
  request.size = options.output;
  request.rule = options.rule;
  request.pooling = options.pooling;
  return request;
}

void CudaProvider::CheckKernelsLoad(const char* problem) {
  if (problem) Fail("the CUDA kernels of this library cannot run on the current device: ", problem);
}

void CudaProvider::CheckLaunch(const char* problem) {
  if (problem) throw std::runtime_error(std::string("CUDA kernel launch: ") + problem);
}

}  // namespace roiops
