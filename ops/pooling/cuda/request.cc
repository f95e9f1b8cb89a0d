#include "pooling/cuda/request.h"

#include <algorithm>

namespace roiops {
namespace {

constexpr int64_t kMostChannels = 64;  // enough to make up for planning the box once more
constexpr int64_t kFewestChannels = 8;
constexpr int64_t kMostRows = 8;           // as many bins as a plan has room for
constexpr int64_t kEnoughWorkItems = 512;  // several for each multiprocessor of the largest devices

int64_t Tiles(int64_t size, int64_t tile) { return (size + tile - 1) / tile; }

}  // namespace

void ChooseTiles(PoolJob& request) {
  const int64_t height = request.size.height;
  request.row_tile = Tiles(height, Tiles(height, kMostRows));
  request.row_tiles = Tiles(height, request.row_tile);
  const int64_t items_per_channel_tile = request.count * request.row_tiles;
  int64_t channels = kMostChannels;
  while (channels > kFewestChannels &&
         items_per_channel_tile * Tiles(request.channels, channels) < kEnoughWorkItems) {
    channels /= 2;
  }
  request.channel_tile = std::min(channels, request.channels);
  request.work_items = items_per_channel_tile * Tiles(request.channels, request.channel_tile);
}

}  // namespace roiops
