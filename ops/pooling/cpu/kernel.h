// What the CPU kernels are given.

#ifndef ROIOPS_POOLING_CPU_KERNEL_H_
#define ROIOPS_POOLING_CPU_KERNEL_H_

#include <cstddef>
#include <cstdint>

#include "base/half.h"
#include "cpu/scratch.h"
#include "cpu/tile.h"
#include "pooling/cpu/axis_plan.h"
#include "roi/feature_map.h"

namespace roiops {

// One box on its feature map.
template <class Acc, class Stored>
struct BoxTask : MapTile<Stored> {
  Stored* output;  // channel 0 of the box's part of Y
  AxisPlan<Acc> rows;
  AxisPlan<Acc> columns;

  bool IsEmpty() const { return rows.pixel_count == 0 || columns.pixel_count == 0; }
  int64_t FirstRow() const { return rows.pixels[0]; }
  int64_t LastRow() const { return rows.pixels[rows.pixel_count - 1]; }
  int64_t FirstColumn() const { return columns.pixels[0]; }
  int64_t LastColumn() const { return columns.pixels[columns.pixel_count - 1]; }

  // Calls visit(row, first column, last column) for the rows that have taps.
  template <class Visit>
  void ForEachRow(const Visit& visit) const {
    for (int32_t r = 0; r < rows.pixel_count; ++r) visit(rows.pixels[r], FirstColumn(), LastColumn());
  }
};

template <class Acc, class Stored>
using BoxList = TaskList<BoxTask<Acc, Stored>>;

// Pools channels [channel, channel + count) of a list of boxes.
template <class Acc, class Stored>
using PoolBlock = void (*)(const BoxList<Acc, Stored>& list, OutputSize size, int64_t channel, int64_t count,
                           const Scratch& scratch);

template <class Acc, class Stored>
struct BlockKernel {
  PoolBlock<Acc, Stored> average;
  PoolBlock<Acc, Stored> maximum;
  int channels;
};

// Those of one element type. A wide block is several vectors of channels, which share what a box costs
// whatever its channels; it is always full. A narrow one is a single vector and may have fewer channels than
// lanes.
template <class Acc, class Stored>
struct BlockKernels {
  BlockKernel<Acc, Stored> narrow;
  BlockKernel<Acc, Stored> wide;
};

// The kernels of one instruction set.
struct PoolingKernels {
  BlockKernels<float, float> f32;
  BlockKernels<double, double> f64;
  BlockKernels<float, Half> f16;
  BlockKernels<float, BFloat16> bf16;
};

}  // namespace roiops

#endif  // ROIOPS_POOLING_CPU_KERNEL_H_
