// Sums of pixels, channels as lanes: what sampling a feature map at points comes down to, whatever decides
// the points. Maps are held with their channels last, a row of channels for each pixel.

#ifndef ROIOPS_MMDEPLOY_SAMPLING_KERNEL_H_
#define ROIOPS_MMDEPLOY_SAMPLING_KERNEL_H_

#include <cstdint>

#include "axis/tap.h"

namespace roiops::mmdeploy {

// The taps of `count` outputs: output i sums taps[ends[i - 1]], ..., taps[ends[i] - 1], the first one from 0.
struct TapSums {
  const Tap<float>* taps;
  const int32_t* ends;
  int64_t count;
};

// Compiled once per instruction set: see base/isa.h.
struct SamplingKernels {
  // to[i * to_stride + c] = sum of weight * rows[index * row_stride + c] over the taps of output i.
  void (*sum_rows)(const TapSums& sums, const float* rows, int64_t row_stride, int64_t channels, float* to,
                   int64_t to_stride);
  // The same for a map with a plane for each channel: to[c * to_stride + i] from planes[c * plane_stride +
  // index].
  void (*sum_planes)(const TapSums& sums, const float* planes, int64_t plane_stride, int64_t channels,
                     float* to, int64_t to_stride);
  // to[column * to_stride + row] = from[row * from_stride + column]
  void (*transpose)(const float* from, int64_t from_stride, int64_t rows, int64_t columns, float* to,
                    int64_t to_stride);
};

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_SAMPLING_KERNEL_H_
