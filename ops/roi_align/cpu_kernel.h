// What the CPU kernels are given and where the one for this processor is found.

#ifndef ROIOPS_ROI_ALIGN_CPU_KERNEL_H_
#define ROIOPS_ROI_ALIGN_CPU_KERNEL_H_

#include <cstddef>
#include <cstdint>

#include "roi_align/axis_plan.h"
#include "roi_align/half.h"

namespace roiops {

// One box, pooled for a block of channels.
template <class Weight, class Stored>
struct BoxTask {
  const Stored* image;    // channel 0 of the box's image
  const Stored* map_end;  // end of the tensor the image is in; the kernels read up to a vector past a row,
                          // never past this
  int64_t plane;          // height * width, the distance between channels
  int64_t width;
  Stored* output;  // channel 0 of the box's part of Y
  AxisPlan<Weight> rows;
  AxisPlan<Weight> columns;
};

struct OutputSize {
  int64_t height;
  int64_t width;
};

// A kernel pools channels [channel, channel + count) of one box, count <= lanes. `scratch` has ScratchBytes
// and is aligned to 64 bytes.
template <class Weight, class Stored>
using BoxKernel = void (*)(const BoxTask<Weight, Stored>& box, OutputSize size, int64_t channel,
                           int64_t count, void* scratch);

template <class Weight, class Stored>
struct BoxKernels {
  BoxKernel<Weight, Stored> average;
  BoxKernel<Weight, Stored> maximum;
  int lanes;
};

struct KernelSet {
  const char* name;
  BoxKernels<float, float> f32;
  BoxKernels<double, double> f64;
  BoxKernels<float, Half> f16;
  BoxKernels<float, BFloat16> bf16;
};

template <class Stored>
struct ComputeType {
  using Type = float;
};
template <>
struct ComputeType<double> {
  using Type = double;
};

template <class Stored>
const BoxKernels<typename ComputeType<Stored>::Type, Stored>& KernelsFor(const KernelSet& set);

// Output rows are transposed and written a tile at a time.
constexpr int64_t kTileOutputs = 1024;

static inline int64_t TileRows(OutputSize size) {
  const int64_t rows = kTileOutputs / size.width;
  return rows < 1 ? 1 : (rows < size.height ? rows : size.height);
}

// Bytes of scratch for boxes on maps of at most `map_width` columns: a row of columns and a tile of outputs,
// each element a vector.
static inline size_t ScratchBytes(OutputSize size, int64_t map_width) {
  constexpr size_t kWidestVector = 64;
  const int64_t columns = map_width + int64_t(kWidestVector);
  return size_t(columns + TileRows(size) * size.width) * kWidestVector;
}

// The best set this processor runs, or the one named by the environment variable ROIOPS_ISA if that is a
// lower one.
const KernelSet& ActiveKernels();

// The names of all sets in this library that this processor runs, best first, ended by a null pointer.
const char* const* UsableKernels();

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_CPU_KERNEL_H_
