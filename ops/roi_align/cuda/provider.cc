#include "roi_align/cuda/provider.h"

#include <stdexcept>

namespace roiops {
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
    request.maps[request.map_count++] = MakeCudaMap(map, element_size);
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
