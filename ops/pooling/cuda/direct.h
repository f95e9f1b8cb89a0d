// One output computed by one thread that walks over the bin's taps. Needs no memory, whatever the bin's size,
// and its work is bounded by the pixels of the map.

#ifndef ROIOPS_POOLING_CUDA_DIRECT_H_
#define ROIOPS_POOLING_CUDA_DIRECT_H_

#include <cmath>

#include "axis/tap.h"
#include "cuda/numbers.h"

namespace roiops {

template <class Acc, class Stored, class Axis>
ROIOPS_DEVICE_CALL Acc AverageOfLine(const Axis& columns, int64_t column, const Stored* line) {
  Acc sum = 0;
  ForEachAverageTap(columns, column,
                    [&](int64_t x, double weight) { sum += Acc(weight) * ToFloat(line[x]); });
  return sum;
}

template <class Acc, class Stored, class Axis>
ROIOPS_DEVICE_CALL Acc AverageDirectly(const Axis& rows, int64_t row, const Axis& columns, int64_t column,
                                       const Stored* plane, int64_t width) {
  Acc total = 0;
  ForEachAverageTap(rows, row, [&](int64_t y, double weight) {
    total += Acc(weight) * AverageOfLine<Acc>(columns, column, plane + y * width);
  });
  return total;
}

// The largest of `largest` and what the row sample `y` makes of the bin's column samples.
template <class Stored, class Acc, class Axis>
ROIOPS_DEVICE_CALL Acc MaximumOfRow(Acc largest, const AxisSample& y, const Axis& columns, int64_t column,
                                    Pooling pooling, const Stored* plane, int64_t width) {
  ForEachExtremeSample(columns, column, pooling, [&](const AxisSample& x) {
    Acc sum = 0;
    for (int i = 0; i < y.count; ++i) {
      for (int j = 0; j < x.count; ++j) {
        const Acc weight = Acc(y.weight[i]) * Acc(x.weight[j]);
        sum += weight * ToFloat(plane[y.index[i] * width + x.index[j]]);
      }
    }
    largest = LargerOrNan(largest, sum);
  });
  return largest;
}

template <class Acc, class Stored, class Axis>
ROIOPS_DEVICE_CALL Acc MaximumDirectly(const Axis& rows, int64_t row, const Axis& columns, int64_t column,
                                       Pooling pooling, const Stored* plane, int64_t width) {
  Acc largest = -Acc(INFINITY);
  ForEachExtremeSample(rows, row, pooling, [&](const AxisSample& y) {
    largest = MaximumOfRow(largest, y, columns, column, pooling, plane, width);
  });
  return largest;
}

template <class Stored, class Axis>
ROIOPS_HOST_DEVICE inline typename ComputeType<Stored>::Type PoolBinDirectly(const Axis& rows, int64_t row,
                                                                             const Axis& columns,
                                                                             int64_t column, Pooling pooling,
                                                                             const Stored* plane,
                                                                             int64_t width) {
  using Acc = typename ComputeType<Stored>::Type;
  if constexpr (Axis::kAverages) {
    if (pooling == Pooling::kAverage) return AverageDirectly<Acc>(rows, row, columns, column, plane, width);
  }
  return MaximumDirectly<Acc>(rows, row, columns, column, pooling, plane, width);
}

}  // namespace roiops

#endif  // ROIOPS_POOLING_CUDA_DIRECT_H_
