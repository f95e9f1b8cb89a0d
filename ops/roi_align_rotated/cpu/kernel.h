// What the CPU kernels are given.

#ifndef ROIOPS_ROI_ALIGN_ROTATED_CPU_KERNEL_H_
#define ROIOPS_ROI_ALIGN_ROTATED_CPU_KERNEL_H_

#include <cstdint>

#include "base/half.h"
#include "cpu/scratch.h"
#include "cpu/tile.h"
#include "roi_align_rotated/cpu/tap_plan.h"

namespace roiops {

// Some bins of a box on its feature map. Tiles are as wide as the map, so that the indices of taps do not
// depend on them; TileKind::kRow stands for rows that do not fit, whose taps are read from the map itself.
template <class Acc, class Stored>
struct RotatedTask : MapTile<Stored> {
  Stored* output;  // channel 0 of the task's first bin
  int64_t bins;    // at most kTileOutputs
  TapPlan<Acc> plan;

  bool IsEmpty() const { return plan.row_count == 0; }
  int64_t FirstRow() const { return plan.first_row; }
  int64_t LastRow() const { return FirstRow() + plan.row_count - 1; }

  int64_t FirstColumn() const { return 0; }
  int64_t LastColumn() const { return this->width - 1; }

  // Calls visit(row, first column, last column) for the rows that have taps.
  template <class Visit>
  void ForEachRow(const Visit& visit) const {
    for (int32_t r = 0; r < plan.row_count; ++r) {
      const RowSpan& span = plan.spans[r];
      if (span.first <= span.last) visit(FirstRow() + r, int64_t(span.first), int64_t(span.last));
    }
  }
};

template <class Acc, class Stored>
using RotatedList = TaskList<RotatedTask<Acc, Stored>>;

// Pools channels [channel, channel + count) of a list of tasks; a channel's outputs are `stride` long.
template <class Acc, class Stored>
using PoolRotatedBlock = void (*)(const RotatedList<Acc, Stored>& list, int64_t stride, int64_t channel,
                                  int64_t count, const Scratch& scratch);

template <class Acc, class Stored>
struct RotatedBlockKernel {
  PoolRotatedBlock<Acc, Stored> average;
  PoolRotatedBlock<Acc, Stored> maximum;
  int channels;
};

// A wide block is several vectors of channels and always full, a narrow one a single vector.
template <class Acc, class Stored>
struct RotatedBlockKernels {
  RotatedBlockKernel<Acc, Stored> narrow;
  RotatedBlockKernel<Acc, Stored> wide;
};

// The kernels of one instruction set.
struct RoiAlignRotatedKernels {
  RotatedBlockKernels<float, float> f32;
  RotatedBlockKernels<double, double> f64;
  RotatedBlockKernels<float, Half> f16;
  RotatedBlockKernels<float, BFloat16> bf16;
};

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_ROTATED_CPU_KERNEL_H_
