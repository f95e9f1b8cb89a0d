// The block algorithm of the CUDA kernels, compiled for the host: the device's arithmetic without a device.

#include <memory>
#include <vector>

#include "roi_align/cuda_block.h"
#include "roi_align/cuda_tiles.cc"

namespace roiops {
namespace {

// Runs a step for one thread number after the other; the end of the loop is the barrier.
struct SerialBlock {
  int Threads() const { return kBlockThreads; }

  template <class Function>
  void Step(const Function& function) const {
    for (int thread = 0; thread < kBlockThreads; ++thread) function(thread);
  }
};

template <class Stored>
void Pool(const CudaRequest& request) {
  const auto memory = std::make_unique<BlockMemory<typename ComputeType<Stored>::Type>>();
  for (int64_t task = 0; task < request.tasks; ++task) {
    BoxPooler<Stored, SerialBlock>(request, task, *memory, SerialBlock()).Run();
  }
}

}  // namespace
}  // namespace roiops

// `dtype`: 0 float32, 1 float64, 2 float16, 3 bfloat16. Per map: pointer; height, width, vector; scale.
extern "C" __attribute__((visibility("default"))) void PoolOnHost(
    int dtype, int map_count, const void* const* maps, const int32_t* extents, const float* scales,
    const void* boxes, bool float_boxes, const void* batch, bool wide_batch, bool batch_is_counts,
    const int64_t* levels, void* output, int64_t count, int64_t images, int64_t channels, int64_t height,
    int64_t width, int64_t sampling_ratio, bool aligned, int pooling) {
  using namespace roiops;
  CudaRequest request = {};
  for (int i = 0; i < map_count; ++i) {
    request.maps[i] = {maps[i], extents[3 * i], extents[3 * i + 1], scales[i], extents[3 * i + 2]};
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
  constexpr void (*kPool[])(const CudaRequest&) = {Pool<float>, Pool<double>, Pool<Half>, Pool<BFloat16>};
  kPool[dtype](request);
}
