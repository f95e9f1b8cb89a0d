// The 16-bit floating point types as tensors store them, their scalar conversions, and what is computed with.

#ifndef ROIOPS_BASE_HALF_H_
#define ROIOPS_BASE_HALF_H_

#include <stdint.h>
#include <string.h>

#include "base/host_device.h"
#if defined(__CUDACC__)
#include <cuda_fp16.h>
#endif

namespace roiops {

struct Half {
  uint16_t bits;
};

struct BFloat16 {
  uint16_t bits;
};

// What is computed with, given what a tensor stores.
template <class Stored>
struct ComputeType {
  using Type = float;
};
template <>
struct ComputeType<double> {
  using Type = double;
};

namespace {

inline float FloatFromBits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

inline uint32_t BitsOf(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  return bits;
}

// What a tensor stores as what is computed with; exact.
ROIOPS_HOST_DEVICE inline float ToFloat(float value) { return value; }
ROIOPS_HOST_DEVICE inline double ToFloat(double value) { return value; }

ROIOPS_HOST_DEVICE inline float ToFloat(BFloat16 value) {
#if defined(__CUDA_ARCH__)
  return __uint_as_float(uint32_t(value.bits) << 16);
#else
  return FloatFromBits(uint32_t(value.bits) << 16);
#endif
}

ROIOPS_HOST_DEVICE inline float ToFloat(Half value) {
#if defined(__CUDA_ARCH__)
  return __half2float(__ushort_as_half(value.bits));
#else
  const uint32_t sign = uint32_t(value.bits & 0x8000) << 16;
  const uint32_t magnitude = uint32_t(value.bits & 0x7FFF) << 13;
  if (magnitude >= 0x0F800000) return FloatFromBits(sign | 0x70000000 | magnitude);  // infinity, NaN
  // A product moves the exponent's bias and makes subnormal halves normal floats.
  return FloatFromBits(sign | BitsOf(FloatFromBits(magnitude) * 0x1p112f));
#endif
}

inline Half ToHalf(float value) {
  const uint32_t sign = (BitsOf(value) >> 16) & 0x8000;
  const uint32_t magnitude = BitsOf(value) & 0x7FFFFFFF;
  uint32_t half;
  if (magnitude > 0x7F800000) {
    half = 0x7E00;
  } else if (magnitude >= 0x477FF000) {  // rounds to 65536 or more
    half = 0x7C00;
  } else if (magnitude < 0x38800000) {
    // Subnormal: adding a half aligns the last bit of the result with the last bit of the sum, which is
    // rounded to it.
    half = BitsOf(FloatFromBits(magnitude) + 0.5f) - BitsOf(0.5f);
  } else {
    half = (magnitude - 0x38000000 + 0xFFF + ((magnitude >> 13) & 1)) >> 13;
  }
  return {uint16_t(sign | half)};
}

inline BFloat16 ToBFloat16(float value) {
  const uint32_t bits = BitsOf(value);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return {uint16_t((bits >> 16) | 0x40)};
  return {uint16_t((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)};
}

}  // namespace
}  // namespace roiops

#endif  // ROIOPS_BASE_HALF_H_
