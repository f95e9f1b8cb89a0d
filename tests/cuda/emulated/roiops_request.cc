// The project's launch, called through ctypes: as tests/cuda/block_on_host.cc, with the kernels as nvcc
// compiles them.

#include <cstring>

#include "roi_align/cuda/request.h"

// `dtype`: 0 float32, 1 float64, 2 float16, 3 bfloat16. `extents`: height and width of each map. Null or an
// error.
extern "C" const char* Pool(int dtype, int map_count, const void* const* maps, const int64_t* extents,
                            const float* scales, const void* boxes, bool float_boxes, const void* batch,
                            bool wide_batch, bool batch_is_counts, const int64_t* levels, void* output,
                            int64_t count, int64_t images, int64_t channels, int64_t height, int64_t width,
                            int64_t sampling_ratio, bool aligned, int pooling, int64_t* tasks) {
  using namespace roiops;
  constexpr size_t kElementSizes[] = {4, 8, 2, 2};
  constexpr const char* (*kLaunch[])(const CudaRequest&, void*) = {
      LaunchCudaPooling<float>, LaunchCudaPooling<double>, LaunchCudaPooling<Half>,
      LaunchCudaPooling<BFloat16>};
  CudaRequest request;
  std::memset(static_cast<void*>(&request), 0, sizeof(request));
  for (int i = 0; i < map_count; ++i) {
    const FeatureMap map = {maps[i], images, channels, extents[2 * i], extents[2 * i + 1], scales[i]};
    request.maps[i] = MakeCudaMap(map, kElementSizes[dtype]);
  }
  request.map_count = map_count;
  request.float_boxes = float_boxes;
  request.wide_batch = wide_batch;
  request.batch_is_counts = batch_is_counts;
  request.boxes = boxes;
  request.batch = batch;
  request.levels = levels;
  request.output = output;
  request.count = count;
  request.images = images;
  request.channels = channels;
  request.size = {height, width};
  request.rule = {aligned, sampling_ratio};
  request.pooling = Pooling(pooling);
  if (count == 0 || channels == 0) return nullptr;  // as CudaProvider
  ChooseTiles(request);
  *tasks = request.tasks;
  return kLaunch[dtype](request, nullptr);
}
