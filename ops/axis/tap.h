// What one axis of a bin is made of: taps, samples of taps, and how samples make a bin.

#ifndef ROIOPS_AXIS_TAP_H_
#define ROIOPS_AXIS_TAP_H_

#include <cstdint>

namespace roiops {

enum class Pooling {
  kAverage,
  kMax,           // the maximum over interpolated samples
  kMaxOfCorners,  // the maximum over tap times weight: what standard ONNX means by "max"
};

// A pixel and its weight in a sum.
template <class Acc>
struct alignas(2 * sizeof(Acc)) Tap {
  int32_t index;
  Acc weight;
};

// A sample along one axis: the weighted sum of its first `count` pixels.
struct AxisSample {
  int count;
  int64_t index[2];
  double weight[2];
};

// The most samples of a bin along an axis, and the most taps of all of them.
struct BinCapacity {
  int32_t samples;
  int32_t taps;
};

}  // namespace roiops

#endif  // ROIOPS_AXIS_TAP_H_
