#include "nms_rotated/cpu/neighbours.h"

#include <cmath>
#include <limits>

namespace roiops {
namespace {

// Numbers of cells beyond this are not exact, nor are circles that far from the origin placed exactly.
constexpr double kFarCell = 1e15;

constexpr int kSmallestExponent = -1000;

}  // namespace

Neighbours::Neighbours(int64_t capacity) : next_(size_t(capacity), -1) {
  while (shift_ > 32 && (int64_t(1) << (64 - shift_)) < 2 * capacity) --shift_;
  first_.assign(size_t(1) << (64 - shift_), -1);
}

void Neighbours::Insert(int32_t index, const Circle& circle) {
  int exponent = kSmallestExponent;
  if (circle.radius > 0) std::frexp(2 * circle.radius, &exponent);
  if (exponent < kSmallestExponent) exponent = kSmallestExponent;
  const double cell = std::ldexp(1.0, exponent);
  const double x = std::floor(circle.x / cell), y = std::floor(circle.y / cell);
  if (!(std::fabs(x) < kFarCell && std::fabs(y) < kFarCell && std::isfinite(circle.radius))) {
    everywhere_.push_back(index);
    return;
  }
  LevelOf(exponent).members.push_back(index);
  int32_t& first = first_[Slot(exponent, int64_t(x), int64_t(y))];
  next_[size_t(index)] = first;
  first = index;
}

Neighbours::Level& Neighbours::LevelOf(int exponent) {
  for (Level& level : levels_) {
    if (level.exponent == exponent) return level;
  }
  levels_.push_back({exponent, std::ldexp(1.0, exponent), {}});
  return levels_.back();
}

Neighbours::CellRange Neighbours::CellsAround(const Level& level, const Circle& circle) {
  // A little more than the sum of the radii: the quotients are rounded.
  const double reach = (circle.radius + level.cell / 2) * (1 + 1e-9);
  const double left = std::floor((circle.x - reach) / level.cell);
  const double right = std::floor((circle.x + reach) / level.cell);
  const double top = std::floor((circle.y - reach) / level.cell);
  const double bottom = std::floor((circle.y + reach) / level.cell);
  const double count = (right - left + 1) * (bottom - top + 1);
  if (!(left > -kFarCell && right < kFarCell && top > -kFarCell && bottom < kFarCell)) {
    return {0, 0, 0, 0, std::numeric_limits<double>::infinity()};
  }
  return {int64_t(left), int64_t(right), int64_t(top), int64_t(bottom), count};
}

}  // namespace roiops
