// What the CPU kernels are given.

#ifndef ROIOPS_HEATMAPS_TO_KEYPOINTS_CPU_KERNEL_H_
#define ROIOPS_HEATMAPS_TO_KEYPOINTS_CPU_KERNEL_H_

#include <cstdint>

#include "base/half.h"

namespace roiops {

// One axis of the upsampled maps. Pixels between the same two pixels of the map form a cell; cell c lies
// between its pixels c - 1 and c.
template <class Acc>
struct CubicAxis {
  int64_t size;           // of the map
  int64_t upsampled;      // fits 32 bits
  const int32_t* starts;  // (size + 2,) first pixel of each cell; the last one is `upsampled`
  const int32_t* bases;   // (upsampled,) the pixel of the map before each pixel
  // Four rows of `stride`: the weights of pixels base - 1 to base + 2.
  const Acc* weights;
  int64_t stride;
};

// Scratch memory, in elements.
template <class Acc>
struct PeakScratch {
  Acc* map;       // rows.size * (columns.size + 4)
  Acc* highest;   // rows.size * (columns.size + 1)
  Acc* lowest;    // as many
  Acc* expanded;  // 4 * columns.stride
  Acc* values;    // columns.stride
};

template <class Stored>
struct PeakRequest {
  using Acc = typename ComputeType<Stored>::Type;
  const Stored* map;
  CubicAxis<Acc> rows;
  CubicAxis<Acc> columns;
  PeakScratch<Acc> scratch;
};

template <class Acc>
struct Peak {
  Acc value;
  int64_t row;
  int64_t column;
};

// Finds the first largest pixel of an upsampled map, where NaN counts as largest.
template <class Stored>
using FindPeak = Peak<typename ComputeType<Stored>::Type> (*)(const PeakRequest<Stored>& request);

// The kernels of one instruction set.
struct HeatmapsToKeypointsKernels {
  FindPeak<float> f32;
  FindPeak<double> f64;
  FindPeak<Half> f16;
  FindPeak<BFloat16> bf16;
};

}  // namespace roiops

#endif  // ROIOPS_HEATMAPS_TO_KEYPOINTS_CPU_KERNEL_H_
