#include "mmdeploy/grid_sampler/points.h"

#include <algorithm>

namespace roiops::mmdeploy {
namespace {

// Coordinates beyond are taken as this, which leaves their whole part an integer that can be indexed with.
constexpr double kFar = 1e12;

// In pixels. Of type A with torch's operations, because rounding to the nearest pixel jumps.
template <class A>
double Pixels(float coordinate, int64_t size, const GridRule& rule) {
  const A c = std::isnan(coordinate) ? A(-1) : A(coordinate);
  const A pixels = rule.align_corners ? (c + 1) / 2 * A(size - 1) : ((c + 1) * A(size) - 1) / 2;
  return std::clamp(double(pixels), -kFar, kFar);
}

// Mirrored at the borders as often as it takes.
double Reflected(double at, int64_t size, bool align_corners) {
  const double low = align_corners ? 0 : -0.5;
  const double span = double(align_corners ? size - 1 : size);
  if (span == 0) return 0;
  const double away = std::fabs(at - low);
  const double extra = std::fmod(away, span);
  return low + (std::fmod(std::floor(away / span), 2) == 0 ? extra : span - extra);
}

// Brought onto the map, where the padding does that.
double Padded(double at, int64_t size, const GridRule& rule) {
  if (rule.padding == Padding::kZeros) return at;
  if (rule.padding == Padding::kReflection) at = Reflected(at, size, rule.align_corners);
  return std::clamp(at, 0.0, double(size - 1));
}

void AddPixel(TapList& list, const PixelGrid& grid, double y, double x, double weight) {
  const int64_t row = int64_t(y), column = int64_t(x);
  if (grid.Has(row, column)) list.Add(grid.At(row, column), weight);
}

// The weights of the pixels at -1, 0, 1 and 2 around a point at t.
void CubicWeights(double t, double* weights) {
  constexpr double kA = -0.75;
  const auto near = [](double d) { return ((kA + 2) * d - (kA + 3)) * d * d + 1; };
  const auto far = [](double d) { return ((kA * d - 5 * kA) * d + 8 * kA) * d - 4 * kA; };
  weights[0] = far(1 + t);
  weights[1] = near(t);
  weights[2] = near(1 - t);
  weights[3] = far(2 - t);
}

void AddBicubic(TapList& list, const PixelGrid& grid, double y, double x, const GridRule& rule) {
  const double top = std::floor(y), left = std::floor(x);
  double rows[4], columns[4];
  CubicWeights(y - top, rows);
  CubicWeights(x - left, columns);
  for (int i = 0; i < 4; ++i) {
    const double row = Padded(top + i - 1, grid.height, rule);
    for (int j = 0; j < 4; ++j) {
      AddPixel(list, grid, row, Padded(left + j - 1, grid.width, rule), rows[i] * columns[j]);
    }
  }
}

}  // namespace

void AddGridPoint(TapList& list, const PixelGrid& grid, float x, float y, const GridRule& rule) {
  if (rule.interpolation == Interpolation::kNearest) {
    const double row = Padded(Pixels<float>(y, grid.height, rule), grid.height, rule);
    const double column = Padded(Pixels<float>(x, grid.width, rule), grid.width, rule);
    AddPixel(list, grid, std::nearbyint(row), std::nearbyint(column), 1);
    return;
  }
  const double row = Pixels<double>(y, grid.height, rule), column = Pixels<double>(x, grid.width, rule);
  if (rule.interpolation == Interpolation::kBicubic) {
    AddBicubic(list, grid, row, column, rule);
  } else {
    AddBilinear(list, grid, Padded(row, grid.height, rule), Padded(column, grid.width, rule));
  }
}

}  // namespace roiops::mmdeploy
