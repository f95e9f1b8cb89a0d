// One output computed by one thread that walks over the bin's taps. Needs no memory, whatever the bin's size,
// and its work is bounded by the pixels of the map.

#ifndef ROIOPS_ROI_ALIGN_CUDA_DIRECT_H_
#define ROIOPS_ROI_ALIGN_CUDA_DIRECT_H_

#include "axis/bin_taps.h"
#include "cuda/numbers.h"

namespace roiops {

template <class Stored, class Weight>
ROIOPS_DEVICE_CALL Weight AverageOfLine(const AxisSampling<Weight>& columns, int64_t column,
                                        const Stored* line) {
  Weight sum = 0;
  ForEachAverageTap(columns, column,
                    [&](int64_t x, double weight) { sum += Weight(weight) * Widen(line[x]); });
  return sum;
}

template <class Stored, class Weight>
ROIOPS_DEVICE_CALL Weight AverageDirectly(const AxisSampling<Weight>& rows, int64_t row,
                                          const AxisSampling<Weight>& columns, int64_t column,
                                          const Stored* plane, int64_t width) {
  Weight total = 0;
  ForEachAverageTap(rows, row, [&](int64_t y, double weight) {
    total += Weight(weight) * AverageOfLine(columns, column, plane + y * width);
  });
  return total;
}

// The largest of `largest` and what the row sample `y` makes of the bin's column samples.
template <class Stored, class Weight>
ROIOPS_DEVICE_CALL Weight MaximumOfRow(Weight largest, const AxisSample& y,
                                       const AxisSampling<Weight>& columns, int64_t column, Pooling pooling,
                                       const Stored* plane, int64_t width) {
  ForEachExtremeSample(columns, column, pooling, [&](const AxisSample& x) {
    Weight sum = 0;
    for (int i = 0; i < y.count; ++i) {
      for (int j = 0; j < x.count; ++j) {
        const Weight weight = Weight(y.weight[i]) * Weight(x.weight[j]);
        sum += weight * Widen(plane[y.index[i] * width + x.index[j]]);
      }
    }
    largest = Maximum(largest, sum);
  });
  return largest;
}

template <class Stored, class Weight>
ROIOPS_DEVICE_CALL Weight MaximumDirectly(const AxisSampling<Weight>& rows, int64_t row,
                                          const AxisSampling<Weight>& columns, int64_t column,
                                          Pooling pooling, const Stored* plane, int64_t width) {
  Weight largest = -Weight(INFINITY);
  ForEachExtremeSample(rows, row, pooling, [&](const AxisSample& y) {
    largest = MaximumOfRow(largest, y, columns, column, pooling, plane, width);
  });
  return largest;
}

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_CUDA_DIRECT_H_
