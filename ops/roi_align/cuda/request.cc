#include "roi_align/cuda/request.h"

#include <algorithm>

namespace roiops {
namespace {

constexpr int64_t kMostChannels = 64;  // enough to make up for planning the box once more
constexpr int64_t kFewestChannels = 8;
constexpr int64_t kMostRows = 8;       // as many bins as a plan has room for
constexpr int64_t kEnoughTasks = 512;  // several for each multiprocessor of the largest devices

int64_t Tiles(int64_t size, int64_t tile) { return (size + tile - 1) / tile; }

}  // namespace

CudaMap MakeCudaMap(const FeatureMap& map, size_t element_size) {
  int32_t vector = int32_t(16 / element_size);  // the widest loads take 16 bytes
  const auto aligned = [&] {
    return map.width % vector == 0 &&
           reinterpret_cast<uintptr_t>(map.data) % (size_t(vector) * element_size) == 0;
  };
  while (vector > 1 && !aligned()) vector /= 2;
  return {map.data, int32_t(map.height), int32_t(map.width), map.spatial_scale, vector};
}

void ChooseTiles(CudaRequest& request) {
  const int64_t height = request.size.height;
  request.row_tile = Tiles(height, Tiles(height, kMostRows));
  request.row_tiles = Tiles(height, request.row_tile);
  const int64_t tasks_per_channel_tile = request.count * request.row_tiles;
  int64_t channels = kMostChannels;
  while (channels > kFewestChannels &&
         tasks_per_channel_tile * Tiles(request.channels, channels) < kEnoughTasks) {
    channels /= 2;
  }
  request.channel_tile = std::min(channels, request.channels);
  request.tasks = tasks_per_channel_tile * Tiles(request.channels, request.channel_tile);
}

}  // namespace roiops
