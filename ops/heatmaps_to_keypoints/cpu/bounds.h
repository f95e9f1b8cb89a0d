// Bounds of the pixels of an upsampled map, cell by cell, from the map alone.
//
// Between the pixels v1 and v2 of an axis, bicubic interpolation (a = -0.75) is a polynomial of degree 3 with
// the Bernstein coefficients
//
//   v1,  v1 + (v2 - v0) / 4,  v2 - (v3 - v1) / 4,  v2
//
// and lies between the least and the largest of them. In the plane the same holds for the 16 coefficients
// that follow from doing this along both axes.

#ifndef ROIOPS_HEATMAPS_TO_KEYPOINTS_CPU_BOUNDS_H_
#define ROIOPS_HEATMAPS_TO_KEYPOINTS_CPU_BOUNDS_H_

#include "cpu/vector.h"

namespace roiops {
namespace {

template <class Acc>
class CellBounds {
 public:
  using V = Vector<Acc>;
  static constexpr int kLanes = VectorOf<Acc>::kLanes;

  // The bounds of `rows` by `columns` cells, in rows of `stride`, which has room for a vector more.
  CellBounds(Acc* bounds, Acc* row_bounds, int64_t columns, int64_t stride)
      : bounds_(bounds), row_bounds_(row_bounds), columns_(columns), stride_(stride) {}

  const Acc* Row(int64_t row) const { return bounds_ + row * stride_; }
  // The largest of a row.
  Acc OfRow(int64_t row) const { return row_bounds_[row]; }

  // What a row of the map adds to the cells above it, whose row of cells is then complete, and to those
  // below, which begin with it; either may be left out. The map's rows are at cell - 2 to cell + 1 of each
  // cell, the row itself between its neighbours `up` and `down`.
  void Add(const Acc* up, const Acc* row, const Acc* down, int64_t cell_above, bool above, bool below) {
    using Mem = Memory<Acc, Acc>;
    V largest = Broadcast<Acc>(-Acc(__builtin_inf()));
    for (int64_t cell = 0; cell < columns_; cell += kLanes) {
      V over = Broadcast<Acc>(-Acc(__builtin_inf()));
      V under = over;
      V ups[4], rows[4], downs[4];
      Coefficients(up + cell, ups);
      Coefficients(row + cell, rows);
      Coefficients(down + cell, downs);
      for (int i = 0; i < 4; ++i) {
        const V slope = Quarter(downs[i]) - Quarter(ups[i]);
        under = Larger(under, rows[i] + Larger(slope, V{}));
        over = Larger(over, rows[i] + Larger(-slope, V{}));
      }
      Acc* to = bounds_ + cell_above * stride_ + cell;
      if (above) {
        over = Larger(over, Mem::Load(to));
        Mem::Store(over, to);
        largest = Larger(largest, over);
      }
      if (below) Mem::Store(under, to + stride_);
    }
    if (above) row_bounds_[cell_above] = Largest(largest);
  }

 private:
  static V Larger(V a, V b) { return a > b ? a : b; }
  // Differences of quarters do not overflow.
  static V Quarter(V v) { return v * Broadcast<Acc>(Acc(0.25)); }

  static Acc Largest(V v) {
    Acc largest = v[0];
    for (int i = 1; i < kLanes; ++i) largest = v[i] > largest ? v[i] : largest;
    return largest;
  }

  static void Coefficients(const Acc* from, V* to) {
    using Mem = Memory<Acc, Acc>;
    const V v0 = Mem::Load(from), v1 = Mem::Load(from + 1), v2 = Mem::Load(from + 2),
            v3 = Mem::Load(from + 3);
    to[0] = v1;
    to[1] = v1 + (Quarter(v2) - Quarter(v0));
    to[2] = v2 - (Quarter(v3) - Quarter(v1));
    to[3] = v2;
  }

  Acc* const bounds_;
  Acc* const row_bounds_;
  const int64_t columns_;
  const int64_t stride_;
};

}  // namespace
}  // namespace roiops

#endif  // ROIOPS_HEATMAPS_TO_KEYPOINTS_CPU_BOUNDS_H_
