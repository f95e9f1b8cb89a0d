// What the CPU kernels are given.

#ifndef ROIOPS_ROI_ALIGN_CPU_KERNEL_H_
#define ROIOPS_ROI_ALIGN_CPU_KERNEL_H_

#include <cstddef>
#include <cstdint>

#include "base/half.h"
#include "roi/feature_map.h"
#include "roi_align/cpu/axis_plan.h"

namespace roiops {

// The kernels work on a copy of a part of the map, the tile, whose channels are interleaved. It is packed in
// squares of as many pixels of a row as there are lanes.
struct Square {
  int32_t row;
  int32_t column;  // the first one
};

enum class TileKind {
  kMap,  // the whole map, packed as boxes need it and kept for those that follow
  kBox,  // the part under one box, where the map is too large
  kRow,  // one row of that at a time, where the box is too large as well
};

// One box on its feature map.
template <class Weight, class Stored>
struct BoxTask {
  const Stored* image;  // channel 0 of the box's image
  const Stored*
      map_end;  // end of the tensor the image is in: kernels read past the end of a row, never past this
  int64_t height;
  int64_t width;
  Stored* output;  // channel 0 of the box's part of Y
  AxisPlan<Weight> rows;
  AxisPlan<Weight> columns;

  // The tile holds `tile_stride` pixels of each row, from this row and column on.
  TileKind tile;
  int64_t tile_row;
  int64_t tile_column;
  int64_t tile_stride;
  int64_t squares;  // of a kMap tile: so many of the list handed to the kernel are to be packed before the
                    // box is pooled
};

// Memory a kernel works in, aligned to kVectorAlignment, in pixels or outputs of a block of channels.
struct Scratch {
  void* tile;
  void* columns;  // kStripColumns, or the width of the widest map if that is more
  void* outputs;  // kTileOutputs, or one row of outputs if that is more
  void* staged;   // as many; null if results are to be written through the cache
};

constexpr size_t kVectorAlignment = 64;
constexpr int64_t kStripColumns = 512;
constexpr int64_t kTileOutputs = 1024;

// Boxes in the order in which they are pooled, and the squares to pack for them, each once.
template <class Weight, class Stored>
struct BoxList {
  const BoxTask<Weight, Stored>* const* boxes;
  int64_t count;
  const Square* squares;
};

// Pools channels [channel, channel + count) of a list of boxes.
template <class Weight, class Stored>
using PoolBlock = void (*)(const BoxList<Weight, Stored>& list, OutputSize size, int64_t channel,
                           int64_t count, const Scratch& scratch);

template <class Weight, class Stored>
struct BlockKernel {
  PoolBlock<Weight, Stored> average;
  PoolBlock<Weight, Stored> maximum;
  int channels;
};

// Those of one element type. A wide block is several vectors of channels, which share what a box costs
// whatever its channels; it is always full. A narrow one is a single vector and may have fewer channels than
// lanes.
template <class Weight, class Stored>
struct BlockKernels {
  BlockKernel<Weight, Stored> narrow;
  BlockKernel<Weight, Stored> wide;
};

// The kernels of one instruction set.
struct RoiAlignKernels {
  BlockKernels<float, float> f32;
  BlockKernels<double, double> f64;
  BlockKernels<float, Half> f16;
  BlockKernels<float, BFloat16> bf16;
};

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_CPU_KERNEL_H_
