// What a block of threads does: one box, a tile of channels and a tile of output rows, and how many bins of
// it are planned at a time. One thread works it out; the others read it in shared memory.

#ifndef ROIOPS_POOLING_CUDA_JOB_H_
#define ROIOPS_POOLING_CUDA_JOB_H_

#include "cuda/block.h"
#include "cuda/box_locator.h"
#include "pooling/cuda/plan.h"
#include "pooling/cuda/request.h"

namespace roiops {

struct Job {
  bool located;  // false: the box gets zeros
  int32_t level;
  int64_t first_pixel;  // of the first channel of the box's image, in the map
  int64_t plane;        // pixels of a channel
  int32_t width;
  int32_t vector;        // see CudaMap
  int64_t first_output;  // of the first channel and row
  int64_t out_plane;     // outputs of a channel
  int64_t out_width;
  int64_t first_row;
  int32_t channels;
  int32_t rows;
  int32_t row_step;  // bins that are planned at a time; 0: there is no room for a single one
  int32_t column_step;
  BinCapacity row_slots;
  BinCapacity column_slots;
};

// With float, small enough for two blocks on 64 KiB of shared memory.
template <class Rule, class Stored>
struct BlockMemory {
  using Acc = typename ComputeType<Stored>::Type;
  using Axis = typename Rule::template Axis<Acc>;
  static constexpr int kTile = 22 * 1024 / sizeof(Acc);

  union {
    alignas(32) Acc tile[kTile];    // row sums by channel, row sample and column
    int64_t counts[kBlockThreads];  // see BoxLocator::SumCounts
  };
  AxisSlots<Acc, 8, 64, 256> rows;
  AxisSlots<Acc, 16, 192, 512> columns;
  Axis row_axis;
  Axis column_axis;
  Job job;
};

// How many bins are planned at a time. A map whose rows are 2 GiB long is not planned: offsets of planned
// rows are products of 32-bit numbers.
template <class Rule, class Stored>
ROIOPS_HOST_DEVICE inline void ChooseSteps(BlockMemory<Rule, Stored>& memory, Job& job) {
  constexpr int kTile = BlockMemory<Rule, Stored>::kTile;
  if (job.width > INT32_MAX / int(sizeof(Stored))) return;
  const auto smaller = [](int a, int b) { return a < b ? a : b; };
  const int rows = smaller(memory.rows.BinsOf(job.row_slots), job.rows);
  if (rows == 0) return;
  const int sums = kTile / (rows * job.row_slots.samples);
  const int columns = smaller(memory.columns.BinsOf(job.column_slots), sums / job.column_slots.taps);
  if (columns == 0) return;
  job.row_step = rows;
  job.column_step = columns;
}

// Also makes the axes if the box is located. `memory` has the sums of counts: see BoxLocator.
template <class Rule, class Stored>
ROIOPS_DEVICE_CALL void MakeJob(const CudaRequest<Rule>& request, int64_t item, int threads,
                                BlockMemory<Rule, Stored>& memory) {
  using Acc = typename ComputeType<Stored>::Type;
  using Axis = typename Rule::template Axis<Acc>;
  const auto smaller = [](int64_t a, int64_t b) { return a < b ? a : b; };
  // Channels vary slowest, so that blocks which run together share a few planes of the cache.
  const int64_t tile = item / request.row_tiles;
  const int64_t box = tile % request.count;
  const int64_t first_channel = tile / request.count * request.channel_tile;
  const LocatedBox<Acc> located = BoxLocator<Stored>{request, threads}.Locate(box, memory.counts);

  Job job = {};
  job.first_row = item % request.row_tiles * request.row_tile;
  job.rows = int32_t(smaller(request.row_tile, request.size.height - job.first_row));
  job.channels = int32_t(smaller(request.channel_tile, request.channels - first_channel));
  job.out_width = request.size.width;
  job.out_plane = request.size.height * request.size.width;
  job.first_output = (box * request.channels + first_channel) * job.out_plane + job.first_row * job.out_width;
  if (located.image >= 0) {
    const CudaMap& map = request.maps[located.level];
    job.plane = int64_t(map.height) * map.width;
    job.located = true;
    job.level = located.level;
    job.first_pixel = (located.image * request.channels + first_channel) * job.plane;
    job.width = map.width;
    job.vector = map.vector;
    const float scale = map.spatial_scale;
    memory.row_axis = Axis(located.y1, located.y2, scale, request.size.height, map.height, request.rule);
    memory.column_axis = Axis(located.x1, located.x2, scale, request.size.width, map.width, request.rule);
    job.row_slots = CapacityOf(memory.row_axis, request.pooling);
    job.column_slots = CapacityOf(memory.column_axis, request.pooling);
    ChooseSteps(memory, job);
  }
  memory.job = job;
}

}  // namespace roiops

#endif  // ROIOPS_POOLING_CUDA_JOB_H_
