// Rotated boxes: (cx, cy, w, h, angle) as tensors hold them, and as rectangles in the plane.

#ifndef ROIOPS_ROTATED_BOX_H_
#define ROIOPS_ROTATED_BOX_H_

#include <cmath>

#include "axis/sampling.h"

namespace roiops {

// What an angle means. The image's y axis points down, so a clockwise angle turns x towards y.
struct AngleRule {
  bool clockwise;
  bool degrees;
};

constexpr double kPi = 3.14159265358979323846;

// The angle by which x is turned towards y, in radians, rounded to A as the frameworks round it.
template <class A>
ROIOPS_HOST_DEVICE inline A TurnedAngle(A angle, const AngleRule& rule) {
  const A radians = rule.degrees ? A(double(angle) * kPi / 180) : angle;
  return rule.clockwise ? radians : -radians;
}

// The rectangle of points (x, y) + u * (cos, sin) + v * (-sin, cos), |u| <= half_width, |v| <= half_height.
struct RotatedBox {
  double x;
  double y;
  double half_width;
  double half_height;
  double cos;
  double sin;

  RotatedBox() = default;  // not initialised

  // `box` is the five numbers of a row.
  ROIOPS_HOST_DEVICE RotatedBox(const double* box, const AngleRule& rule)
      : x(box[0]), y(box[1]), half_width(box[2] / 2), half_height(box[3] / 2) {
    const double angle = TurnedAngle(box[4], rule);
    cos = ::cos(angle);
    sin = ::sin(angle);
  }

  // A box with a side that is not positive has no area.
  ROIOPS_HOST_DEVICE double Area() const {
    return half_width > 0 && half_height > 0 ? 4 * half_width * half_height : 0;
  }

  ROIOPS_HOST_DEVICE bool IsFinite() const {
    return x * 0 + y * 0 + half_width * 0 + half_height * 0 + cos * 0 == 0;
  }
};

}  // namespace roiops

#endif  // ROIOPS_ROTATED_BOX_H_
