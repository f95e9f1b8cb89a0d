// Stored numbers on the device and, for tests, on the host: conversions, and several numbers in one access.

#ifndef ROIOPS_CUDA_NUMBERS_H_
#define ROIOPS_CUDA_NUMBERS_H_

#include "base/half.h"
#include "base/host_device.h"

#if defined(__CUDACC__)
#include <cuda_fp16.h>
#endif

// Code outside the inner loops is called, not inlined: it is large, and would take registers from them.
#if defined(__CUDACC__)
#define ROIOPS_DEVICE_CALL __host__ __device__ __noinline__
#else
#define ROIOPS_DEVICE_CALL
#endif

// Before a loop that usually takes at most one iteration: unrolled, it would cost the most there.
#if defined(__CUDACC__)
#define ROIOPS_NO_UNROLL _Pragma("unroll 1")
#else
#define ROIOPS_NO_UNROLL
#endif

namespace roiops {

// Rounds to nearest, ties to even.
template <class Stored, class Acc>
struct Narrow {
  ROIOPS_HOST_DEVICE static Stored From(Acc value) { return value; }
};

template <>
struct Narrow<Half, float> {
  ROIOPS_HOST_DEVICE static Half From(float value) {
#if defined(__CUDA_ARCH__)
    return {__half_as_ushort(__float2half_rn(value))};
#else
    return ToHalf(value);
#endif
  }
};

template <>
struct Narrow<BFloat16, float> {
  ROIOPS_HOST_DEVICE static BFloat16 From(float value) {
#if defined(__CUDA_ARCH__)
    const uint32_t bits = __float_as_uint(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return {uint16_t((bits >> 16) | 0x40)};
    return {uint16_t((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)};
#else
    return ToBFloat16(value);
#endif
  }
};

// A number of boxes that are float32 or of the type that features are stored in.
template <class Stored>
ROIOPS_HOST_DEVICE inline typename ComputeType<Stored>::Type BoxCoordinate(const void* boxes,
                                                                           bool float_boxes, int64_t at) {
  using Acc = typename ComputeType<Stored>::Type;
  return float_boxes ? Acc(static_cast<const float*>(boxes)[at])
                     : ToFloat(static_cast<const Stored*>(boxes)[at]);
}

// NaN if one of them is.
template <class Acc>
ROIOPS_HOST_DEVICE inline Acc LargerOrNan(Acc a, Acc b) {
  return a > b || a != a ? a : b;
}

// Neighbours in memory that are loaded or stored together; their address is aligned to their size.
template <class T, int kCount>
struct alignas(sizeof(T) * kCount) Pack {
  T value[kCount];
};

}  // namespace roiops

#endif  // ROIOPS_CUDA_NUMBERS_H_
