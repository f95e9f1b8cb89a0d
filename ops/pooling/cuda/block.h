// Pooling by a block of threads: one box, a tile of channels and a tile of output rows.
//
//   job      image, map and axes of the box
//   plan     taps of the tile's rows and columns, a thread per bin
//   rows     for each channel, neighbouring columns are summed over the taps of each row sample, into shared
//            memory
//   columns  each output is the sum of a few of those sums; outputs of a channel are neighbours in memory
//
// Values that steer the block are read between two steps (cuda/block.h) and are not written in the second of
// them, so every thread sees the same.

#ifndef ROIOPS_POOLING_CUDA_BLOCK_H_
#define ROIOPS_POOLING_CUDA_BLOCK_H_

#include "pooling/cuda/direct.h"
#include "pooling/cuda/sums.h"

namespace roiops {

template <class Rule, class Stored, class Block>
class BoxPooler {
 public:
  using Memory = BlockMemory<Rule, Stored>;

  ROIOPS_HOST_DEVICE BoxPooler(const CudaRequest<Rule>& request, Memory& memory, const Block& block)
      : request_(request), memory_(memory), block_(block) {}

  ROIOPS_HOST_DEVICE void Run(int64_t item) const {
    if (request_.batch_is_counts) {
      const BoxLocator<Stored> locator = {request_, block_.Threads()};
      block_.Step([&](int thread) { memory_.counts[thread] = locator.SumCounts(thread); });
    }
    block_.Step([&](int thread) {
      if (thread == 0) MakeJob(request_, item, block_.Threads(), memory_);
    });
    if (memory_.job.located) {
      Pool();
    } else {
      block_.Step([&](int thread) { WriteZeros(thread); });
    }
    block_.Step([](int) {});  // the next work item's job is written when none reads this one's
  }

 private:
  using Acc = typename ComputeType<Stored>::Type;

  ROIOPS_HOST_DEVICE void Pool() const {
    const Job& job = memory_.job;
    const bool planned = job.row_step > 0;
    const int row_step = planned ? job.row_step : job.rows;
    const int64_t column_step = planned ? job.column_step : job.out_width;
    for (int row = 0; row < job.rows; row += row_step) {
      for (int64_t column = 0; column < job.out_width; column += column_step) {
        const int rows = row_step < job.rows - row ? row_step : job.rows - row;
        const int64_t columns = column_step < job.out_width - column ? column_step : job.out_width - column;
        if (planned && Plan(row, rows, column, int(columns))) {
          PoolPlanned(row, rows, column, int(columns));
        } else {
          block_.Step([&](int thread) { PoolDirectly(thread, row, rows, column, columns); });
        }
      }
    }
  }

  ROIOPS_HOST_DEVICE const Stored* Pixels(int64_t channel) const {
    const Job& job = memory_.job;
    return static_cast<const Stored*>(request_.maps[job.level].data) + job.first_pixel + channel * job.plane;
  }

  // Of the job's output, by its rows; columns and channels count from the first.
  ROIOPS_HOST_DEVICE Stored* Output(int64_t channel, int64_t row, int64_t column) const {
    return static_cast<Stored*>(request_.output) + memory_.job.first_output +
           channel * memory_.job.out_plane + row * memory_.job.out_width + column;
  }

  ROIOPS_HOST_DEVICE void WriteZeros(int thread) const {
    const int64_t count = memory_.job.rows * memory_.job.out_width;
    for (int channel = 0; channel < memory_.job.channels; ++channel) {
      Stored* to = Output(channel, 0, 0);
      for (int64_t i = thread; i < count; i += block_.Threads()) to[i] = Narrow<Stored, Acc>::From(0);
    }
  }

  // False if the bins do not fit.
  ROIOPS_HOST_DEVICE bool Plan(int row, int rows, int64_t column, int columns) const {
    const Job& job = memory_.job;
    block_.Step([&](int thread) {
      for (int i = thread; i < rows + columns; i += block_.Threads()) {
        if (i < rows) {
          memory_.rows.Plan(memory_.row_axis, job.first_row + row + i, i, request_.pooling, job.row_slots);
        } else {
          const int at = i - rows;
          memory_.columns.Plan(memory_.column_axis, column + at, at, request_.pooling, job.column_slots);
        }
      }
    });
    bool fits = true;
    for (int i = 0; i < rows; ++i) fits = fits && memory_.rows.bins[i].fits;
    for (int i = 0; i < columns; ++i) fits = fits && memory_.columns.bins[i].fits;
    return fits;
  }

  // The planned bins, the first of which is (row, column), of all channels.
  ROIOPS_HOST_DEVICE void PoolPlanned(int row, int rows, int64_t column, int columns) const {
    const int row_sums = rows * memory_.job.row_slots.samples;
    const Window window = ChooseWindow(row_sums, columns);
    // As many channels as the sums have room for, but no more than give every thread one load.
    const int room = Memory::kTile / (row_sums * window.columns);
    const int busy = block_.Threads() * window.vector / window.columns;
    const int at_once = busy >= 1 && busy < room ? busy : room;
    const int channels = memory_.job.channels;
    for (int channel = 0; channel < channels; channel += at_once) {
      const ChannelGroup<Stored> group = {Pixels(channel),
                                          Output(channel, row, column),
                                          at_once < channels - channel ? at_once : channels - channel,
                                          rows,
                                          columns,
                                          window};
      const auto summer = [&](int thread) {
        return Summer<Rule, Stored>(memory_, group, thread, block_.Threads());
      };
      block_.Step([&](int thread) { summer(thread).SumRows(); });
      block_.Step([&](int thread) { summer(thread).SumColumns(request_.pooling); });
    }
  }

  ROIOPS_HOST_DEVICE Window ChooseWindow(int row_sums, int columns) const {
    const int vector = memory_.job.vector;
    int first = INT32_MAX;
    int last = -1;
    for (int i = 0; i < columns; ++i) {
      const BinPlan& bin = memory_.columns.bins[i];
      first = first < bin.first_index ? first : bin.first_index;
      last = last > bin.last_index ? last : bin.last_index;
    }
    if (last < 0) first = last = 0;
    const int loads = last / vector - first / vector + 1;
    const int taps = columns * memory_.job.column_slots.taps;
    if (loads <= taps && loads * vector <= Memory::kTile / row_sums) {
      return {true, first / vector * vector, vector, loads * vector};
    }
    return {false, 0, 1, taps};
  }

  // Without a plan, for bins of hundreds of pixels.
  ROIOPS_HOST_DEVICE void PoolDirectly(int thread, int row, int rows, int64_t column, int64_t columns) const {
    const Job& job = memory_.job;
    const int64_t count = job.channels * rows * columns;
    for (int64_t i = thread; i < count; i += block_.Threads()) {
      const int64_t p = row + i / columns % rows;
      const int64_t q = column + i % columns;
      const int64_t channel = i / columns / rows;
      const Stored* pixels = Pixels(channel);
      const Acc value = PoolBinDirectly(memory_.row_axis, job.first_row + p, memory_.column_axis, q,
                                        request_.pooling, pixels, job.width);
      *Output(channel, p, q) = Narrow<Stored, Acc>::From(value);
    }
  }

  const CudaRequest<Rule>& request_;
  Memory& memory_;
  const Block& block_;
};

}  // namespace roiops

#endif  // ROIOPS_POOLING_CUDA_BLOCK_H_
