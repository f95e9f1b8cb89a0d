// Code for the host and for CUDA devices.

#ifndef ROIOPS_BASE_HOST_DEVICE_H_
#define ROIOPS_BASE_HOST_DEVICE_H_

#if defined(__CUDACC__)
#define ROIOPS_HOST_DEVICE __host__ __device__
#else
#define ROIOPS_HOST_DEVICE
#endif

namespace roiops {

// Products that must be rounded before they are added to something: device compilers would fuse them, which
// moves decisions that compare the sum. Host code that uses this is compiled with -ffp-contract=off.
ROIOPS_HOST_DEVICE inline float RoundedProduct(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fmul_rn(a, b);
#else
  return a * b;
#endif
}

ROIOPS_HOST_DEVICE inline double RoundedProduct(double a, double b) {
#if defined(__CUDA_ARCH__)
  return __dmul_rn(a, b);
#else
  return a * b;
#endif
}

// x * 0 is 0 if x is finite, else NaN.
template <class T>
ROIOPS_HOST_DEVICE inline bool IsFinite(T x) {
  return x * 0 == 0;
}

}  // namespace roiops

#endif  // ROIOPS_BASE_HOST_DEVICE_H_
