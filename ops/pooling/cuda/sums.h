// The sums of planned bins: first over the rows, for neighbouring columns of several channels, into the
// memory that the threads of a block share, then over the columns, into the outputs.

#ifndef ROIOPS_POOLING_CUDA_SUMS_H_
#define ROIOPS_POOLING_CUDA_SUMS_H_

#include <cmath>

#include "pooling/cuda/job.h"

namespace roiops {

// The columns that are summed over the rows, and where a column tap finds its sum.
struct Window {
  bool dense;  // all columns from `first` on; otherwise the taps' own columns, one by one
  int first;
  int vector;   // columns that a thread sums together
  int columns;  // a multiple of `vector`
};

// Planned bins of some channels of a job.
template <class Stored>
struct ChannelGroup {
  const Stored* pixels;  // of the first channel
  Stored* output;        // of the first channel, row and column
  int channels;
  int rows;
  int columns;
  Window window;
};

// A thread of those that share the memory.
template <class Rule, class Stored>
class Summer {
 public:
  using Acc = typename ComputeType<Stored>::Type;
  using Memory = BlockMemory<Rule, Stored>;

  ROIOPS_HOST_DEVICE Summer(Memory& memory, const ChannelGroup<Stored>& group, int thread, int threads)
      : memory_(memory), group_(group), thread_(thread), threads_(threads) {}

  ROIOPS_HOST_DEVICE void SumRows() const { SumRowsBy<16 / sizeof(Stored)>(); }

  ROIOPS_HOST_DEVICE void SumColumns(Pooling pooling) const {
    // A thread keeps to one bin and goes through the channels.
    const int bins = group_.rows * group_.columns;
    const int step = threads_ > bins ? threads_ / bins : 1;
    const int channel = thread_ / bins;
    if (channel >= step || channel >= group_.channels) return;
    for (int bin = thread_ % bins; bin < bins; bin += threads_) {
      const int row = bin / group_.columns;
      const int column = bin % group_.columns;
      if (pooling == Pooling::kAverage) {
        AverageOfBin(row, column, channel, step);
      } else {
        MaximumOfBin(row, column, channel, step);
      }
    }
  }

 private:
  // With the window's vector, which is kMost or less.
  template <int kMost>
  ROIOPS_HOST_DEVICE void SumRowsBy() const {
    if constexpr (kMost > 1) {
      if (group_.window.vector < kMost) return SumRowsBy<kMost / 2>();
    }
    SumVectors<kMost>();
  }

  template <int kVector>
  ROIOPS_HOST_DEVICE void SumVectors() const {
    const Window window = group_.window;
    const int groups = window.columns / kVector;
    const int lines = group_.rows * memory_.job.row_slots.samples;
    const int sums = group_.channels * groups;
    // Where there are more threads than sums of a line, they share the lines.
    const int shares = threads_ > sums ? threads_ / sums : 1;
    const int64_t plane = memory_.job.plane;
    const uint32_t row_bytes = memory_.job.width * uint32_t(sizeof(Stored));
    for (int i = thread_; i < sums * shares; i += threads_) {
      const int channel = i % sums / groups;
      const int at = i % groups * kVector;
      const int column = window.dense ? window.first + at : memory_.columns.taps[at].index;
      const Stored* from = group_.pixels + channel * plane + column;
      Acc* to = memory_.tile + channel * lines * window.columns + at;
      for (int line = i / sums; line < lines; line += shares) {
        const TapRange taps = memory_.rows.samples[line];
        Pack<Acc, kVector> sum = {};
        AddTaps(memory_.rows.taps + taps.begin, taps.end - taps.begin, from, row_bytes, &sum);
        *reinterpret_cast<Pack<Acc, kVector>*>(to + line * window.columns) = sum;
      }
    }
  }

  template <int kVector>
  ROIOPS_HOST_DEVICE static void AddTaps(const Tap<Acc>* taps, int count, const Stored* from,
                                         uint32_t row_bytes, Pack<Acc, kVector>* sum) {
    ROIOPS_NO_UNROLL
    for (; count > 4; count -= 4, taps += 4) AddPixels<4>(taps, from, row_bytes, sum);
    if (count == 4) {
      AddPixels<4>(taps, from, row_bytes, sum);
    } else if (count == 3) {
      AddPixels<3>(taps, from, row_bytes, sum);
    } else if (count == 2) {
      AddPixels<2>(taps, from, row_bytes, sum);
    } else if (count == 1) {
      AddPixels<1>(taps, from, row_bytes, sum);
    }
  }

  // Without a branch, so that all loads are on the way before the first is used. Offsets are products of
  // unsigned 32-bit numbers, which take one instruction.
  template <int kTaps, int kVector>
  ROIOPS_HOST_DEVICE static void AddPixels(const Tap<Acc>* taps, const Stored* from, uint32_t row_bytes,
                                           Pack<Acc, kVector>* sum) {
    Pack<Stored, kVector> pixels[kTaps];
    for (int i = 0; i < kTaps; ++i) {
      const char* row = reinterpret_cast<const char*>(from) + uint64_t(uint32_t(taps[i].index)) * row_bytes;
      pixels[i] = *reinterpret_cast<const Pack<Stored, kVector>*>(row);
    }
    for (int i = 0; i < kTaps; ++i) {
      for (int v = 0; v < kVector; ++v) sum->value[v] += taps[i].weight * ToFloat(pixels[i].value[v]);
    }
  }

  // Stores what value() returns as the bin's output of every `step`th channel from `channel` on.
  template <class Value>
  ROIOPS_HOST_DEVICE void ForChannels(int row, int column, int channel, int step, const Value& value) const {
    const Job& job = memory_.job;
    const int64_t out_step = step * job.out_plane;
    Stored* to = group_.output + channel * job.out_plane + row * job.out_width + column;
    for (; channel < group_.channels; channel += step) {
      *to = Narrow<Stored, Acc>::From(value());
      to += out_step;
    }
  }

  // The first few taps stay in registers.
  ROIOPS_HOST_DEVICE void AverageOfBin(int row, int column, int channel, int step) const {
    constexpr int kKept = 4;
    const TapRange range = memory_.columns.samples[column * memory_.job.column_slots.samples];
    const Tap<Acc>* taps = memory_.columns.taps + range.begin;
    const int count = range.end - range.begin;
    Tap<Acc> kept[kKept] = {};
    for (int i = 0; i < kKept; ++i) {
      if (i < count) kept[i] = {SumIndex(range.begin + i), taps[i].weight};
    }
    const int stride = group_.rows * group_.window.columns;
    const Acc* sums = memory_.tile + channel * stride + row * group_.window.columns;
    const int sums_step = step * stride;
    ForChannels(row, column, channel, step, [&] {
      Acc sum = 0;
      for (int i = 0; i < kKept; ++i) {
        if (i < count) sum += kept[i].weight * sums[kept[i].index];
      }
      for (int i = kKept; i < count; ++i) sum += taps[i].weight * sums[SumIndex(range.begin + i)];
      sums += sums_step;
      return sum;
    });
  }

  // The largest sum of a row sample and a column sample of the bin.
  ROIOPS_HOST_DEVICE void MaximumOfBin(int row, int column, int channel, int step) const {
    const TapRange* samples = memory_.columns.samples + column * memory_.job.column_slots.samples;
    const int x_count = memory_.columns.bins[column].samples;
    const int y_count = memory_.rows.bins[row].samples;
    const int columns = group_.window.columns;
    const int row_size = memory_.job.row_slots.samples * columns;
    const Acc* sums = memory_.tile + (channel * group_.rows + row) * row_size;
    ForChannels(row, column, channel, step, [&] {
      Acc largest = -Acc(INFINITY);
      for (int y = 0; y < y_count; ++y) {
        for (int x = 0; x < x_count; ++x) {
          Acc sum = 0;
          for (int tap = samples[x].begin; tap < samples[x].end; ++tap) {
            sum += memory_.columns.taps[tap].weight * sums[y * columns + SumIndex(tap)];
          }
          largest = LargerOrNan(largest, sum);
        }
      }
      sums += step * group_.rows * row_size;
      return largest;
    });
  }

  // Where a column tap finds its sum in a line of the tile.
  ROIOPS_HOST_DEVICE int SumIndex(int tap) const {
    return group_.window.dense ? memory_.columns.taps[tap].index - group_.window.first : tap;
  }

  Memory& memory_;
  const ChannelGroup<Stored>& group_;
  const int thread_;
  const int threads_;
};

}  // namespace roiops

#endif  // ROIOPS_POOLING_CUDA_SUMS_H_
