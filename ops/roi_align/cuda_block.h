// RoIAlign by a block of threads: one box, a tile of channels and a tile of output rows.
//
//   locate   image, map and axes of the box
//   plan     taps of the tile's rows and columns, a thread per bin
//   rows     for each channel, neighbouring columns are summed over the taps of each row sample, into shared
//            memory
//   columns  each output is the sum of a few of those sums; outputs of a channel are neighbours in memory
//
// The code between barriers is a function of the thread's number, and `Block` runs it: on the device as
// itself followed by a barrier, in tests on the host as a loop or on threads. Values that steer the block are
// read between two such steps and are not written in the second of them, so every thread sees the same.

#ifndef ROIOPS_ROI_ALIGN_CUDA_BLOCK_H_
#define ROIOPS_ROI_ALIGN_CUDA_BLOCK_H_

#include "roi_align/cuda_direct.h"
#include "roi_align/cuda_locate.h"

namespace roiops {

constexpr int kBlockThreads = 256;

// Small enough for two blocks on 64 KiB of shared memory.
template <class Weight>
struct BlockMemory {
  static constexpr int kTile = 24 * 1024 / sizeof(Weight);

  union {
    alignas(32) Weight tile[kTile];  // row sums by channel, row sample and column
    int64_t counts[kBlockThreads];   // see BoxLocator::SumCounts
  };
  AxisPlaces<Weight, 8, 64, 256> rows;
  AxisPlaces<Weight, 16, 192, 512> columns;
  AxisSampling<Weight> row_axis;
  AxisSampling<Weight> column_axis;
  BoxPlace place;
};

// The columns that the rows step sums and where a column tap finds its sum.
struct Window {
  bool dense;  // all columns from `first` on; otherwise the taps' own columns, one by one
  int first;
  int vector;   // columns that a thread sums together
  int columns;  // a multiple of `vector`
};

template <class Stored, class Block>
class BoxPooler {
 public:
  using Weight = typename ComputeType<Stored>::Type;
  using Memory = BlockMemory<Weight>;

  ROIOPS_HOST_DEVICE BoxPooler(const CudaRequest& request, int64_t task, Memory& memory, const Block& block)
      : request_(request), memory_(memory), block_(block) {
    const int64_t row_tile = task % request.row_tiles;
    const int64_t tile_of_box = task / request.row_tiles;
    // Boxes vary before channels, so that blocks which run together share a few planes of the cache.
    box_ = tile_of_box % request.count;
    first_channel_ = tile_of_box / request.count * request.channel_tile;
    end_channel_ = Smaller(first_channel_ + request.channel_tile, request.channels);
    first_row_ = row_tile * request.row_tile;
    end_row_ = Smaller(first_row_ + request.row_tile, request.size.height);
  }

  ROIOPS_HOST_DEVICE void Run() {
    const BoxLocator<Stored> locator = {request_, box_, block_.Threads()};
    if (request_.batch_is_counts) {
      block_.Step([&](int thread) { memory_.counts[thread] = locator.SumCounts(thread); });
    }
    block_.Step([&](int thread) {
      if (thread == 0) {
        memory_.place = locator.Locate(memory_.counts, &memory_.row_axis, &memory_.column_axis);
      }
    });
    const BoxPlace place = memory_.place;
    if (place.image < 0) {
      block_.Step([&](int thread) { WriteZeros(thread); });
      return;
    }
    const CudaMap& map = request_.maps[place.level];
    width_ = map.width;
    plane_ = int64_t(map.height) * map.width;
    image_ = static_cast<const Stored*>(map.data) + place.image * request_.channels * plane_;
    row_places_ = place.rows;
    column_places_ = place.columns;

    const int64_t height = end_row_ - first_row_;
    const int64_t row_bins = Smaller(memory_.rows.BinsOf(place.rows), height);
    const int64_t sums = Memory::kTile / Larger(row_bins * place.rows.samples, 1);
    const int64_t column_bins = Smaller(memory_.columns.BinsOf(place.columns), sums / place.columns.taps);
    // A single bin that is too large for a plan leaves no room for any.
    const bool planned = row_bins > 0 && column_bins > 0;
    const int64_t row_step = planned ? row_bins : height;
    const int64_t column_step = planned ? column_bins : request_.size.width;
    for (int64_t row = first_row_; row < end_row_; row += row_step) {
      for (int64_t column = 0; column < request_.size.width; column += column_step) {
        const int64_t end_row = Smaller(row + row_step, end_row_);
        const int64_t end_column = Smaller(column + column_step, request_.size.width);
        if (planned && Plan(row, end_row, column, end_column)) {
          PoolPlanned(row, column, map.vector);
        } else {
          PoolDirectly(row, end_row, column, end_column);
        }
      }
    }
  }

 private:
  static constexpr int kLoads = 4;

  ROIOPS_HOST_DEVICE static int64_t Smaller(int64_t a, int64_t b) { return a < b ? a : b; }
  ROIOPS_HOST_DEVICE static int64_t Larger(int64_t a, int64_t b) { return a > b ? a : b; }

  ROIOPS_HOST_DEVICE Stored* Output(int64_t channel, int64_t row, int64_t column) const {
    const int64_t plane = box_ * request_.channels + channel;
    return static_cast<Stored*>(request_.output) +
           (plane * request_.size.height + row) * request_.size.width + column;
  }

  ROIOPS_HOST_DEVICE void WriteZeros(int thread) const {
    const int64_t count = (end_row_ - first_row_) * request_.size.width;
    for (int64_t channel = first_channel_; channel < end_channel_; ++channel) {
      Stored* to = Output(channel, first_row_, 0);
      for (int64_t i = thread; i < count; i += block_.Threads()) to[i] = Narrow<Stored, Weight>::From(0);
    }
  }

  // Plans the bins [row, end_row) x [column, end_column); false if they do not fit.
  ROIOPS_HOST_DEVICE bool Plan(int64_t row, int64_t end_row, int64_t column, int64_t end_column) {
    rows_ = int(end_row - row);
    columns_ = int(end_column - column);
    block_.Step([&](int thread) {
      for (int i = thread; i < rows_ + columns_; i += block_.Threads()) {
        if (i < rows_) {
          memory_.rows.Plan(memory_.row_axis, row + i, i, request_.pooling, row_places_);
        } else {
          const int at = i - rows_;
          memory_.columns.Plan(memory_.column_axis, column + at, at, request_.pooling, column_places_);
        }
      }
    });
    bool fits = true;
    for (int i = 0; i < rows_; ++i) fits = fits && memory_.rows.bins[i].fits;
    for (int i = 0; i < columns_; ++i) fits = fits && memory_.columns.bins[i].fits;
    return fits;
  }

  // The planned bins, the first of which is (row, column), of all channels of the tile.
  ROIOPS_HOST_DEVICE void PoolPlanned(int64_t row, int64_t column, int vector) {
    const int row_sums = rows_ * int(row_places_.samples);
    const Window window = ChooseWindow(row_sums, vector);
    // As many channels as the sums have room for, but no more than give every thread one load.
    const int room = Memory::kTile / (row_sums * window.columns);
    const int busy = block_.Threads() * window.vector / window.columns;
    const int channels = busy >= 1 && busy < room ? busy : room;
    for (int64_t channel = first_channel_; channel < end_channel_; channel += channels) {
      const int count = int(Smaller(channels, end_channel_ - channel));
      block_.Step([&](int thread) {
        if (window.vector == 4) {
          SumRows<4>(thread, window, channel, count);
        } else if (window.vector == 2) {
          SumRows<2>(thread, window, channel, count);
        } else {
          SumRows<1>(thread, window, channel, count);
        }
      });
      block_.Step([&](int thread) { SumColumns(thread, window, channel, count, row, column); });
    }
  }

  ROIOPS_HOST_DEVICE Window ChooseWindow(int row_sums, int vector) const {
    int first = INT32_MAX;
    int last = -1;
    for (int i = 0; i < columns_; ++i) {
      const BinPlan& bin = memory_.columns.bins[i];
      first = first < bin.first_index ? first : bin.first_index;
      last = last > bin.last_index ? last : bin.last_index;
    }
    if (last < 0) first = last = 0;
    const int loads = last / vector - first / vector + 1;
    const int taps = columns_ * int(column_places_.taps);
    if (loads <= taps && loads * vector <= Memory::kTile / row_sums) {
      return {true, first / vector * vector, vector, loads * vector};
    }
    return {false, 0, 1, taps};
  }

  // Adds up to kLoads taps to the sum; all their loads are on the way before the first is used.
  template <int kVector>
  ROIOPS_HOST_DEVICE void AddPixels(const Tap<Weight>* taps, int count, const Stored* from,
                                    Pack<Weight, kVector>* sum) const {
    Pack<Stored, kVector> pixels[kLoads] = {};
    for (int i = 0; i < kLoads; ++i) {
      if (i < count) {
        pixels[i] = *reinterpret_cast<const Pack<Stored, kVector>*>(from + int64_t(taps[i].index) * width_);
      }
    }
    for (int i = 0; i < kLoads; ++i) {
      if (i < count) {
        for (int v = 0; v < kVector; ++v) sum->value[v] += taps[i].weight * Widen(pixels[i].value[v]);
      }
    }
  }

  template <int kVector>
  ROIOPS_HOST_DEVICE void SumRows(int thread, const Window& window, int64_t channel, int count) {
    const auto& rows = memory_.rows;
    const int groups = window.columns / kVector;
    const int samples = int(row_places_.samples);
    for (int i = thread; i < count * groups; i += block_.Threads()) {
      const int c = i / groups;
      const int at = i % groups * kVector;
      const int column = window.dense ? window.first + at : memory_.columns.taps[at].index;
      const Stored* from = image_ + (channel + c) * plane_ + column;
      Weight* to = memory_.tile + c * rows_ * samples * window.columns + at;
      for (int bin = 0; bin < rows_; ++bin) {
        const Tap<Weight>* taps = rows.taps + bin * int(row_places_.taps);
        int tap = 0;
        for (int s = 0; s < rows.bins[bin].samples; ++s) {
          const int sample = bin * samples + s;
          Pack<Weight, kVector> sum = {};
          const int end = rows.tap_end[sample];
          for (; tap < end; tap += kLoads) AddPixels<kVector>(taps + tap, end - tap, from, &sum);
          tap = end;
          *reinterpret_cast<Pack<Weight, kVector>*>(to + sample * window.columns) = sum;
        }
      }
    }
  }

  // The largest sum of a row sample and a column sample of the bin; an average has one of each.
  ROIOPS_HOST_DEVICE void SumColumns(int thread, const Window& window, int64_t channel, int count,
                                     int64_t row, int64_t column) {
    const auto& columns = memory_.columns;
    const int samples = int(row_places_.samples);
    for (int i = thread; i < count * rows_ * columns_; i += block_.Threads()) {
      const int q = i % columns_;
      const int p = i / columns_ % rows_;
      const int c = i / (columns_ * rows_);
      const int first_tap = q * int(column_places_.taps);
      const Tap<Weight>* taps = columns.taps + first_tap;
      const int32_t* tap_end = columns.tap_end + q * int(column_places_.samples);
      int line = (c * rows_ + p) * samples * window.columns - window.first;
      Weight largest = -Weight(INFINITY);
      for (int y = 0; y < memory_.rows.bins[p].samples; ++y, line += window.columns) {
        int tap = 0;
        for (int x = 0; x < columns.bins[q].samples; ++x) {
          Weight sum = 0;
          for (const int end = tap_end[x]; tap < end; ++tap) {
            sum += taps[tap].weight * memory_.tile[line + (window.dense ? taps[tap].index : first_tap + tap)];
          }
          largest = largest > sum ? largest : sum;
        }
      }
      *Output(channel + c, row + p, column + q) = Narrow<Stored, Weight>::From(largest);
    }
  }

  // Without a plan, for bins of hundreds of pixels.
  ROIOPS_HOST_DEVICE void PoolDirectly(int64_t row, int64_t end_row, int64_t column, int64_t end_column) {
    block_.Step([&](int thread) {
      const int64_t rows = end_row - row;
      const int64_t columns = end_column - column;
      const int64_t count = (end_channel_ - first_channel_) * rows * columns;
      for (int64_t i = thread; i < count; i += block_.Threads()) {
        const int64_t p = row + i / columns % rows;
        const int64_t q = column + i % columns;
        const int64_t channel = first_channel_ + i / columns / rows;
        const Stored* pixels = image_ + channel * plane_;
        const Weight value =
            request_.pooling == Pooling::kAverage
                ? AverageDirectly(memory_.row_axis, p, memory_.column_axis, q, pixels, width_)
                : MaximumDirectly(memory_.row_axis, p, memory_.column_axis, q, request_.pooling, pixels,
                                  width_);
        *Output(channel, p, q) = Narrow<Stored, Weight>::From(value);
      }
    });
  }

  const CudaRequest& request_;
  Memory& memory_;
  const Block& block_;
  int64_t box_;
  int64_t first_channel_;
  int64_t end_channel_;
  int64_t first_row_;
  int64_t end_row_;
  const Stored* image_;
  int64_t plane_;
  int32_t width_;
  BinPlaces row_places_;
  BinPlaces column_places_;
  int rows_;
  int columns_;
};

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_CUDA_BLOCK_H_
