// The second and third step of a CPU kernel: for each output row, the pixels of the box's columns are summed
// over the row's taps; each output is the sum of a few of those.

#ifndef ROIOPS_POOLING_CPU_SUMS_H_
#define ROIOPS_POOLING_CPU_SUMS_H_

#include "cpu/pack.h"

namespace roiops {
namespace {

template <class Acc, class Stored, int kVectors>
class Sums {
 public:
  using V = Vector<Acc>;
  using Box = BoxTask<Acc, Stored>;
  using Plan = AxisPlan<Acc>;
  using Packing = Packer<Acc, Stored, kVectors>;

  // For each of n samples of rows from `sample` on, the sums over its taps for all columns that have taps.
  static void Rows(const Box& box, const Packing& packer, int64_t sample, int64_t n, V* sums) {
    const uint32_t* tap_end = box.rows.tap_end + sample;
    const uint32_t begin = sample == 0 ? 0 : tap_end[-1];
    const Plan& columns = box.columns;
    if (box.tile == TileKind::kRow) {
      SumRowsOneByOne(box, packer, tap_end, begin, n, sums);
    } else if (columns.pixels[columns.pixel_count - 1] - columns.pixels[0] == columns.pixel_count - 1) {
      SumRowsOfTile<true>(box, packer.Origin(box, box.tile_row), tap_end, begin, n, sums);
    } else {
      SumRowsOfTile<false>(box, packer.Origin(box, box.tile_row), tap_end, begin, n, sums);
    }
  }

  // n rows of `width` outputs: each the sum over its taps of weight * column sum.
  static void Columns(const Plan& plan, const V* columns, int64_t n, int64_t width, V* outputs) {
    const int64_t stride = plan.pixel_count;
    uint32_t begin = 0;
    for (int64_t q = 0; q < width; ++q, outputs += kVectors) {
      const uint32_t end = plan.tap_end[q];
      if (begin == end) {
        for (int64_t i = 0; i < n; ++i) {
          for (int v = 0; v < kVectors; ++v) outputs[i * width * kVectors + v] = V{};
        }
      } else {
        AddUpTo4Columns<false>(plan.taps + begin, end - begin, columns, stride, n, width, outputs);
        for (uint32_t t = begin + 4; t < end; t += 4) {
          AddUpTo4Columns<true>(plan.taps + t, end - t, columns, stride, n, width, outputs);
        }
      }
      begin = end;
    }
  }

 private:
  // ---- rows

  // sums[j] (+)= the sum over kTaps taps of weight * pixel (the tap's row, column j of those with taps), for
  // columns that follow one another or not.
  template <bool kDense, int kTaps, bool kAdd>
  static void AddRows(const Box& box, const V* origin, const Tap<Acc>* taps, V* sums) {
    const int32_t* pixels = box.columns.pixels;
    const int64_t n = box.columns.pixel_count;
    const int64_t stride = box.tile_stride * kVectors;
    const V* row[kTaps];
    V weight[kTaps];
#pragma GCC unroll 4
    for (int t = 0; t < kTaps; ++t) {
      row[t] =
          origin + box.rows.pixels[taps[t].index] * stride + (kDense ? pixels[0] : 0) * int64_t(kVectors);
      weight[t] = Broadcast<Acc>(taps[t].weight);
    }
    const auto add = [&](int64_t from, int64_t to) {
      V sum = weight[0] * row[0][from];
#pragma GCC unroll 4
      for (int t = 1; t < kTaps; ++t) sum += weight[t] * row[t][from];
      sums[to] = kAdd ? sums[to] + sum : sum;
    };
    if constexpr (kDense) {
#pragma GCC unroll 2
      for (int64_t j = 0; j < n * kVectors; ++j) add(j, j);
    } else {
#pragma GCC unroll 2
      for (int64_t j = 0; j < n; ++j) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) add(int64_t(pixels[j]) * kVectors + v, j * kVectors + v);
      }
    }
  }

  template <bool kDense, bool kAdd>
  static void AddUpTo4Rows(const Box& box, const V* origin, const Tap<Acc>* taps, uint32_t count, V* sums) {
    switch (count) {
      case 1:
        return AddRows<kDense, 1, kAdd>(box, origin, taps, sums);
      case 2:
        return AddRows<kDense, 2, kAdd>(box, origin, taps, sums);
      case 3:
        return AddRows<kDense, 3, kAdd>(box, origin, taps, sums);
      default:
        return AddRows<kDense, 4, kAdd>(box, origin, taps, sums);
    }
  }

  // Rows() where the tile holds all of them.
  template <bool kDense>
  static void SumRowsOfTile(const Box& box, const V* origin, const uint32_t* tap_end, uint32_t begin,
                            int64_t n, V* sums) {
    const Tap<Acc>* taps = box.rows.taps;
    const int64_t columns = int64_t(box.columns.pixel_count) * kVectors;
    for (int64_t i = 0; i < n; ++i, sums += columns) {
      const uint32_t end = tap_end[i];
      if (begin == end) {
        for (int64_t j = 0; j < columns; ++j) sums[j] = V{};
        continue;
      }
      AddUpTo4Rows<kDense, false>(box, origin, taps + begin, end - begin, sums);
      for (begin += 4; begin < end; begin += 4) {
        AddUpTo4Rows<kDense, true>(box, origin, taps + begin, end - begin, sums);
      }
      begin = end;
    }
  }

  // Rows() where the tile holds one row at a time.
  __attribute__((noinline)) static void SumRowsOneByOne(const Box& box, const Packing& packer,
                                                        const uint32_t* tap_end, uint32_t begin, int64_t n,
                                                        V* sums) {
    const int64_t columns = int64_t(box.columns.pixel_count) * kVectors;
    for (int64_t i = 0; i < n; ++i, sums += columns) {
      for (int64_t j = 0; j < columns; ++j) sums[j] = V{};
      for (; begin < tap_end[i]; ++begin) {
        const Tap<Acc>* tap = box.rows.taps + begin;
        const int32_t row = box.rows.pixels[tap->index];
        V* origin = packer.Origin(box, row);
        packer.PackRow(box, row, origin);
        AddRows<false, 1, true>(box, origin, tap, sums);
      }
    }
  }

  // ---- columns

  // outputs[i * width] (+)= the sum over the taps of weight * columns[i * stride + tap], for `n` rows;
  // offsets count in pixels and outputs, not in vectors.
  template <int kTaps, bool kAdd>
  static void AddColumns(const Tap<Acc>* taps, const V* columns, int64_t stride, int64_t n, int64_t width,
                         V* outputs) {
    int64_t offset[kTaps];
    V weight[kTaps];
#pragma GCC unroll 4
    for (int t = 0; t < kTaps; ++t) {
      offset[t] = int64_t(taps[t].index) * kVectors;
      weight[t] = Broadcast<Acc>(taps[t].weight);
    }
    for (const V* end = columns + n * stride * kVectors; columns < end; columns += stride * kVectors) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        V sum = weight[0] * columns[offset[0] + v];
#pragma GCC unroll 4
        for (int t = 1; t < kTaps; ++t) sum += weight[t] * columns[offset[t] + v];
        outputs[v] = kAdd ? outputs[v] + sum : sum;
      }
      outputs += width * kVectors;
    }
  }

  template <bool kAdd>
  static void AddUpTo4Columns(const Tap<Acc>* taps, uint32_t count, const V* columns, int64_t stride,
                              int64_t n, int64_t width, V* outputs) {
    switch (count) {
      case 1:
        return AddColumns<1, kAdd>(taps, columns, stride, n, width, outputs);
      case 2:
        return AddColumns<2, kAdd>(taps, columns, stride, n, width, outputs);
      case 3:
        return AddColumns<3, kAdd>(taps, columns, stride, n, width, outputs);
      default:
        return AddColumns<4, kAdd>(taps, columns, stride, n, width, outputs);
    }
  }
};

}  // namespace
}  // namespace roiops

#endif  // ROIOPS_POOLING_CPU_SUMS_H_
