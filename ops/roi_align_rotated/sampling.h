// The coordinate rules of RoIAlignRotated: where the samples of a rotated box lie.
//
// As in axis/sampling.h, two results are discontinuous: how many samples a bin has, and whether a sample is
// inside the map. They are taken in the arithmetic `A` of the boxes with the operations of mmcv and
// Detectron2, in their order. Positions are computed in double.

#ifndef ROIOPS_ROI_ALIGN_ROTATED_SAMPLING_H_
#define ROIOPS_ROI_ALIGN_ROTATED_SAMPLING_H_

#include <cmath>
#include <cstdint>

#include "axis/sampling.h"
#include "rotated/box.h"

namespace roiops {

// The most samples that a bin may be asked to have along one axis. Adaptive grids may have more, of which the
// map bounds how many are inside.
constexpr int64_t kMostRotatedSamples = 1024;

struct RotatedRule {
  SamplingRule sampling;
  AngleRule angle;
};

struct Point {
  double x;
  double y;
};

// Where a box lies on a map of height x width pixels. Along the box's own axes, v along its height and u
// along its width, samples lie as those of RoIAlign around 0; the box is then turned and moved to its centre.
template <class A>
struct RotatedSampling {
  AxisSampling<A> rows;
  AxisSampling<A> columns;
  A center_x, center_y, cos, sin;
  Point exact_center;
  double exact_cos, exact_sin;
  int64_t height, width;
  bool exact;       // bins so long that positions in A are too coarse: the inside test is taken in double
  bool all_inside;  // every sample is: the corners are, and positions are monotonic

  RotatedSampling() = default;  // not initialised

  ROIOPS_HOST_DEVICE RotatedSampling(const A* box, float scale, int64_t bins_high, int64_t bins_wide,
                                     int64_t map_height, int64_t map_width, const RotatedRule& rule)
      : rows(AxisSampling<A>::Centred(box[3], scale, bins_high, rule.sampling)),
        columns(AxisSampling<A>::Centred(box[2], scale, bins_wide, rule.sampling)),
        height(map_height),
        width(map_width),
        exact(rows.grid > kMostRotatedSamples || columns.grid > kMostRotatedSamples) {
    const A offset = rule.sampling.aligned ? A(0.5) : A(0);
    center_x = RoundedProduct(box[0], A(scale)) - offset;
    center_y = RoundedProduct(box[1], A(scale)) - offset;
    exact_center.x = RoundedProduct(double(box[0]), double(scale)) - double(offset);
    exact_center.y = RoundedProduct(double(box[1]), double(scale)) - double(offset);
    // The formulas below turn the other way round than TurnedAngle.
    const double angle = -double(TurnedAngle(box[4], rule.angle));
    cos = A(::cos(angle));
    sin = A(::sin(angle));
    const double exact_angle = -TurnedAngle(double(box[4]), rule.angle);
    exact_cos = ::cos(exact_angle);
    exact_sin = ::sin(exact_angle);
    all_inside = rows.grid > 0 && columns.grid > 0 && height > 0 && width > 0;
    for (int corner = 0; all_inside && corner < 4; ++corner) {
      const double v = corner & 1 ? TestedV(0, 0) : TestedV(bins_high - 1, rows.grid - 1);
      const double u = corner & 2 ? TestedU(0, 0) : TestedU(bins_wide - 1, columns.grid - 1);
      const double x = TestedX(v, u), y = TestedY(v, u);
      all_inside = y >= -1 && y <= double(height) && x >= -1 && x <= double(width);
    }
  }

  // What the inside test sees of sample i of a bin, and of the point (v, u): all of it monotonic.
  ROIOPS_HOST_DEVICE double TestedV(int64_t bin, int64_t i) const {
    return exact ? rows.ExactPosition(bin, i) : double(rows.TestedPosition(bin, i));
  }
  ROIOPS_HOST_DEVICE double TestedU(int64_t bin, int64_t i) const {
    return exact ? columns.ExactPosition(bin, i) : double(columns.TestedPosition(bin, i));
  }
  ROIOPS_HOST_DEVICE double TestedX(double v, double u) const {
    return exact ? ExactPosition(v, u).x : (RoundedProduct(A(v), sin) + RoundedProduct(A(u), cos)) + center_x;
  }
  ROIOPS_HOST_DEVICE double TestedY(double v, double u) const {
    return exact ? ExactPosition(v, u).y : (RoundedProduct(A(v), cos) - RoundedProduct(A(u), sin)) + center_y;
  }

  ROIOPS_HOST_DEVICE Point ExactPosition(double v, double u) const {
    return {RoundedProduct(v, exact_sin) + RoundedProduct(u, exact_cos) + exact_center.x,
            RoundedProduct(v, exact_cos) - RoundedProduct(u, exact_sin) + exact_center.y};
  }
};

// The i in [0, count) for which -1 <= position(i) <= extent. Positions are monotonic, so these are one range;
// NaN positions are outside.
template <class Position>
ROIOPS_HOST_DEVICE inline SampleRange InsideRange(int64_t count, int64_t extent, const Position& position) {
  const double first = position(0), last = position(count - 1), far = double(extent);
  const bool ascending = first <= last;
  const double lowest = ascending ? first : last, highest = ascending ? last : first;
  if (lowest >= -1 && highest <= far) return {0, count};
  if (!(lowest <= far && highest >= -1)) return {0, 0};
  const int64_t begin =
      FirstRejected(count, [&](int64_t i) { return ascending ? position(i) >= -1 : position(i) <= far; });
  const int64_t end =
      FirstRejected(count, [&](int64_t i) { return ascending ? position(i) > far : position(i) < -1; });
  return {begin, begin < end ? end : begin};
}

// The samples of row i of bin row p that are inside the map and belong to bin column q.
template <class A>
ROIOPS_HOST_DEVICE inline SampleRange InsideSamples(const RotatedSampling<A>& box, int64_t p, int64_t i,
                                                    int64_t q) {
  const int64_t grid = box.columns.grid;
  if (box.all_inside) return {0, grid};
  const double v = box.TestedV(p, i);
  const SampleRange y =
      InsideRange(grid, box.height, [&](int64_t j) { return box.TestedY(v, box.TestedU(q, j)); });
  if (y.begin == y.end) return y;
  const SampleRange x =
      InsideRange(grid, box.width, [&](int64_t j) { return box.TestedX(v, box.TestedU(q, j)); });
  const int64_t begin = x.begin > y.begin ? x.begin : y.begin;
  const int64_t end = x.end < y.end ? x.end : y.end;
  return {begin, begin < end ? end : begin};
}

// Rows of samples of bin row p: all that may have a sample inside the map, and no more than a map's diagonal
// holds where there are many.
template <class A>
ROIOPS_HOST_DEVICE inline SampleRange ReachingRows(const RotatedSampling<A>& box, int64_t p) {
  const AxisSampling<A>& rows = box.rows;
  if (rows.grid == 0 || box.columns.grid == 0 || box.height == 0 || box.width == 0) return {0, 0};
  if (!box.exact || box.all_inside) return {0, rows.grid};
  double low = double(INFINITY), high = -double(INFINITY);  // of the map's corners, along the box's height
  for (int corner = 0; corner < 4; ++corner) {
    const double x = (corner & 1 ? double(box.width) : -1) - box.exact_center.x;
    const double y = (corner & 2 ? double(box.height) : -1) - box.exact_center.y;
    const double v = y * box.exact_cos + x * box.exact_sin;
    low = fmin(low, v);
    high = fmax(high, v);
  }
  const double largest = fabs(rows.exact_start) + fabs(box.columns.exact_start) + fabs(box.exact_center.x) +
                         fabs(box.exact_center.y) + double(box.height) + double(box.width);
  const double margin = 1e-14 * largest;  // more than rounding moves a sample by
  const double step = rows.exact_bin_size / double(rows.grid);
  const double start = rows.exact_start + double(p) * rows.exact_bin_size;
  const double begin = floor((low - margin - start) / step - 1);
  const double end = ceil((high + margin - start) / step + 1);
  if (!(begin < double(rows.grid)) || !(end > 0)) return {0, 0};
  return {begin > 0 ? int64_t(begin) : 0, end < double(rows.grid) ? int64_t(end) : rows.grid};
}

// Calls visit(position) for the inside samples of bin (p, q), row by row.
template <class A, class Visit>
ROIOPS_HOST_DEVICE inline void ForEachRotatedSample(const RotatedSampling<A>& box, int64_t p, int64_t q,
                                                    const Visit& visit) {
  const SampleRange rows = ReachingRows(box, p);
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    const SampleRange inside = InsideSamples(box, p, i, q);
    const double v = box.rows.ExactPosition(p, i);
    for (int64_t j = inside.begin; j < inside.end; ++j) {
      visit(box.ExactPosition(v, box.columns.ExactPosition(q, j)));
    }
  }
}

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_ROTATED_SAMPLING_H_
