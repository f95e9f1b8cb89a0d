// The block algorithm of the CUDA kernels as a library that tests call through ctypes.

#include "host_block.h"

// `dtype`: 0 float32, 1 float64, 2 float16, 3 bfloat16. `extents`: height and width of each map.
extern "C" void PoolOnHost(int dtype, int map_count, const void* const* maps, const int64_t* extents,
                           const float* scales, const void* boxes, bool float_boxes, const void* batch,
                           bool wide_batch, bool batch_is_counts, const int64_t* levels, void* output,
                           int64_t count, int64_t images, int64_t channels, int64_t height, int64_t width,
                           int64_t sampling_ratio, bool aligned, int pooling) {
  using namespace roiops;
  constexpr size_t kElementSizes[] = {4, 8, 2, 2};
  constexpr void (*kPool[])(const CudaRequest&) = {
      roiops_test::PoolSerially<float>, roiops_test::PoolSerially<double>, roiops_test::PoolSerially<Half>,
      roiops_test::PoolSerially<BFloat16>};
  CudaRequest request = {};
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
  ChooseTiles(request);
  kPool[dtype](request);
}
