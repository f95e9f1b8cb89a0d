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

// Scratch memory. Rows of the map and of the bounds have room for a vector more.
template <class Acc>
struct PeakScratch {
  static constexpr int64_t kRoom = 16;

  Acc* map;         // rows.size * map_stride, with two pixels of border on each side
  Acc* magnitudes;  // rows.size
  Acc* bounds;      // (rows.size + 1) * bound_stride
  Acc* row_bounds;  // rows.size + 1
  Acc* expanded;    // 4 * columns.upsampled
  Acc* values;      // columns.upsampled
  int64_t map_stride;
  int64_t bound_stride;

  // Calls take(pointer, elements) for each.
  template <class Take>
  void Allocate(int64_t rows, int64_t columns, int64_t upsampled, const Take& take) {
    map_stride = columns + 4 + kRoom;
    bound_stride = columns + 1 + kRoom;
    take(map, rows * map_stride);
    take(magnitudes, rows);
    take(bounds, (rows + 1) * bound_stride);
    take(row_bounds, rows + 1);
    take(expanded, 4 * upsampled);
    take(values, upsampled);
  }
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
