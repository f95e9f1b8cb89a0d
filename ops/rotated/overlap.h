// How much two rotated boxes overlap: as polygons, or as Gaussian distributions. In double throughout: in
// float32, boxes with a small overlap and boxes far from the origin fall on the wrong side of a threshold.

#ifndef ROIOPS_ROTATED_OVERLAP_H_
#define ROIOPS_ROTATED_OVERLAP_H_

#include <cmath>

#include "rotated/box.h"

namespace roiops {

// The contribution of the edge from (xa, ya) to (xb, yb) to the area under a polygon's boundary that lies
// within |x| <= half_width, with y clamped to |y| <= half_height. The clamped boundary encloses the
// intersection with that rectangle, so no vertex of it need be found.
ROIOPS_HOST_DEVICE inline double ClampedEdgeArea(double xa, double ya, double xb, double yb,
                                                 double half_width, double half_height) {
  const auto clamp = [](double value, double limit) {
    return value < -limit ? -limit : (value > limit ? limit : value);
  };
  const double from = clamp(xa, half_width);
  const double to = clamp(xb, half_width);
  if (from == to) return 0;
  const double slope = (yb - ya) / (xb - xa);
  const double y_from = ya + (from - xa) * slope;
  const double y_to = yb + (to - xb) * slope;
  // The mean of the clamped ramp: it stays at `low` and `high` for as long as the ramp is beyond them.
  const double low = clamp(y_from, half_height);
  const double high = clamp(y_to, half_height);
  double mean = (low + high) / 2;
  if (low != high) mean += (low + high - y_from - y_to) * (low - high) / (2 * (y_to - y_from));
  return (to - from) * mean;
}

// The area that two boxes share, up to rounding.
ROIOPS_HOST_DEVICE inline double RoundedSharedArea(const RotatedBox& a, const RotatedBox& b) {
  // In the frame of b, b is |x| <= half_width, |y| <= half_height.
  const double dx = a.x - b.x;
  const double dy = a.y - b.y;
  const double x = dx * b.cos + dy * b.sin;
  const double y = dy * b.cos - dx * b.sin;
  const double cos = a.cos * b.cos + a.sin * b.sin;
  const double sin = a.sin * b.cos - a.cos * b.sin;
  const double ux = a.half_width * cos, uy = a.half_width * sin;
  const double vx = -a.half_height * sin, vy = a.half_height * cos;
  const double xs[] = {x - ux - vx, x + ux - vx, x + ux + vx, x - ux + vx};
  const double ys[] = {y - uy - vy, y + uy - vy, y + uy + vy, y - uy + vy};
  double area = 0;
  for (int i = 0; i < 4; ++i) {
    const int j = (i + 1) % 4;
    area += ClampedEdgeArea(xs[i], ys[i], xs[j], ys[j], b.half_width, b.half_height);
  }
  return fabs(area);
}

// The area that two boxes of areas above zero share. Rounding makes no boxes overlap that only touch, and
// none differ that are equal.
ROIOPS_HOST_DEVICE inline double SharedArea(const RotatedBox& a, const RotatedBox& b) {
  constexpr double kRounding = 1e-12;
  const double smaller = fmin(a.Area(), b.Area());
  const double shared = RoundedSharedArea(a, b);
  if (shared < kRounding * smaller) return 0;
  return shared > (1 - kRounding) * smaller ? smaller : shared;
}

// The shared area as a fraction of the union's; 0 if a box has no area, NaN if one is not finite.
ROIOPS_HOST_DEVICE inline double PolygonIou(const RotatedBox& a, const RotatedBox& b) {
  if (!a.IsFinite() || !b.IsFinite()) return NAN;
  const double area_a = a.Area(), area_b = b.Area();
  if (area_a == 0 || area_b == 0) return 0;
  const double shared = SharedArea(a, b);
  return shared / (area_a + area_b - shared);
}

// The shared area as a fraction of a's; as above.
ROIOPS_HOST_DEVICE inline double PolygonIof(const RotatedBox& a, const RotatedBox& b) {
  if (!a.IsFinite() || !b.IsFinite()) return NAN;
  const double area_a = a.Area(), area_b = b.Area();
  return area_a == 0 || area_b == 0 ? 0 : SharedArea(a, b) / area_a;
}

// The covariance of a uniform distribution over a box.
struct Covariance {
  double xx;
  double yy;
  double xy;

  ROIOPS_HOST_DEVICE explicit Covariance(const RotatedBox& box) {
    const double u = box.half_width * box.half_width / 3;
    const double v = box.half_height * box.half_height / 3;
    xx = u * box.cos * box.cos + v * box.sin * box.sin;
    yy = u * box.sin * box.sin + v * box.cos * box.cos;
    xy = (u - v) * box.cos * box.sin;
  }
};

// What keeps the divisions below defined; a part of the definition.
constexpr double kGaussianEpsilon = 1e-7;

// One minus the Hellinger distance of the boxes' Gaussians: ProbIoU (Llerena et al., 2021, arXiv:2106.06072)
// with the terms and the epsilon of Ultralytics' `probiou`.
ROIOPS_HOST_DEVICE inline double GaussianIou(const RotatedBox& a, const RotatedBox& b) {
  constexpr double kEps = kGaussianEpsilon;
  const Covariance p(a), q(b);
  const double dx = a.x - b.x, dy = a.y - b.y;
  const double xx = p.xx + q.xx, yy = p.yy + q.yy, xy = p.xy + q.xy;
  const double determinant = xx * yy - xy * xy;
  const double distance = (xx * dy * dy + yy * dx * dx - 2 * xy * dx * dy) / (determinant + kEps) / 4;
  const double product = fmax(p.xx * p.yy - p.xy * p.xy, 0.0) * fmax(q.xx * q.yy - q.xy * q.xy, 0.0);
  const double shape = log(determinant / (4 * sqrt(product) + kEps) + kEps) / 2;
  const double bhattacharyya = distance + shape;
  if (bhattacharyya != bhattacharyya) return NAN;
  return 1 - sqrt(1 - exp(-fmin(fmax(bhattacharyya, kEps), 100.0)) + kEps);
}

}  // namespace roiops

#endif  // ROIOPS_ROTATED_OVERLAP_H_
