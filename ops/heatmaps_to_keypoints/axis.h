// Bicubic upsampling along one axis, as PyTorch's interpolate does it with half-pixel centres. Compiles for
// CUDA devices too.

#ifndef ROIOPS_HEATMAPS_TO_KEYPOINTS_AXIS_H_
#define ROIOPS_HEATMAPS_TO_KEYPOINTS_AXIS_H_

#include <stdint.h>

#include "axis/sampling.h"

namespace roiops {

// A pixel of the upsampled axis lies between `base` and the next pixel of the map's; weights are those of
// base - 1 to base + 2, where what is outside the map is its border.
template <class A>
struct CubicTaps {
  int64_t base;
  A weights[4];
};

namespace {

// The side of the box that is upsampled to: at least 1.
template <class A>
ROIOPS_HOST_DEVICE inline A KeypointSide(A low, A high) {
  const A side = high - low;
  return side > 1 ? side : 1;
}

// Positions and weights are computed in the arithmetic A of the box, in PyTorch's operations and order: the
// best two pixels may be that close.
template <class A>
ROIOPS_HOST_DEVICE inline A CubicPosition(int64_t size, int64_t upsampled, int64_t p) {
  return RoundedProduct(A(size) / A(upsampled), A(p) + A(0.5)) - A(0.5);
}

template <class A>
ROIOPS_HOST_DEVICE inline int64_t CubicBase(A position, int64_t size) {
  const int64_t base = int64_t(position + 1) - 1;  // rounded down: positions are at least -0.5
  return base < size ? base : size - 1;
}

template <class A>
ROIOPS_HOST_DEVICE inline A CubicNear(A x) {
  constexpr A a = A(-0.75);
  return RoundedProduct(RoundedProduct(RoundedProduct(a + 2, x) - (a + 3), x), x) + 1;
}

template <class A>
ROIOPS_HOST_DEVICE inline A CubicFar(A x) {
  constexpr A a = A(-0.75);
  return RoundedProduct(RoundedProduct(RoundedProduct(a, x) - 5 * a, x) + 8 * a, x) - 4 * a;
}

template <class A>
ROIOPS_HOST_DEVICE inline CubicTaps<A> CubicTapsOf(int64_t size, int64_t upsampled, int64_t p) {
  const A position = CubicPosition<A>(size, upsampled, p);
  const int64_t base = CubicBase(position, size);
  const A t = position - A(base) < 1 ? position - A(base) : 1;
  return {base, {CubicFar(t + 1), CubicNear(t), CubicNear(1 - t), CubicFar(2 - t)}};
}

}  // namespace
}  // namespace roiops

#endif  // ROIOPS_HEATMAPS_TO_KEYPOINTS_AXIS_H_
