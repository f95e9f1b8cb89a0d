// Stored numbers on the device and, for tests, on the host: conversions, and several numbers in one access.

#ifndef ROIOPS_CUDA_NUMBERS_H_
#define ROIOPS_CUDA_NUMBERS_H_

#include "axis/sampling.h"
#include "base/half.h"

#if defined(__CUDACC__)
#include <cuda_fp16.h>
#endif

// Code outside the inner loops is called, not inlined: it is large, and would take registers from them.
#if defined(__CUDACC__)
#define ROIOPS_DEVICE_CALL __host__ __device__ __noinline__
#else
#define ROIOPS_DEVICE_CALL
#endif

// Before a loop that mostly takes one turn or none: unrolled, it would cost those the most.
#if defined(__CUDACC__)
#define ROIOPS_FEW_TURNS _Pragma("unroll 1")
#else
#define ROIOPS_FEW_TURNS
#endif

namespace roiops {

ROIOPS_HOST_DEVICE inline float Widen(float value) { return value; }
ROIOPS_HOST_DEVICE inline double Widen(double value) { return value; }

ROIOPS_HOST_DEVICE inline float Widen(Half value) {
#if defined(__CUDA_ARCH__)
  return __half2float(__ushort_as_half(value.bits));
#else
  return ToFloat(value);
#endif
}

ROIOPS_HOST_DEVICE inline float Widen(BFloat16 value) {
#if defined(__CUDA_ARCH__)
  return __uint_as_float(uint32_t(value.bits) << 16);
#else
  return ToFloat(value);
#endif
}

// Rounds to nearest, ties to even.
template <class Stored, class Weight>
struct Narrow {
  ROIOPS_HOST_DEVICE static Stored From(Weight value) { return value; }
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
#else
    const uint32_t bits = BitsOf(value);
#endif
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return {uint16_t((bits >> 16) | 0x40)};
    return {uint16_t((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)};
  }
};

// NaN if one of them is.
template <class Weight>
ROIOPS_HOST_DEVICE inline Weight Maximum(Weight a, Weight b) {
  return a > b || a != a ? a : b;
}

// Neighbours in memory that are loaded or stored together; their address is aligned to their size.
template <class T, int kCount>
struct alignas(sizeof(T) * kCount) Pack {
  T value[kCount];
};

}  // namespace roiops

#endif  // ROIOPS_CUDA_NUMBERS_H_
