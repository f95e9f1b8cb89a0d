// An index of circles in the plane: those inserted so far that may touch another one.
//
// Circles are filed by size: level e holds those whose diameter is in (2^(e-1), 2^e], each in the cell of
// side 2^e its centre is in. So a circle touches circles of a level only in the cells around it, and circles
// that cannot meet are not looked at, however the sizes are mixed.

#ifndef ROIOPS_NMS_ROTATED_CPU_NEIGHBOURS_H_
#define ROIOPS_NMS_ROTATED_CPU_NEIGHBOURS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace roiops {

struct Circle {
  double x;
  double y;
  double radius;
};

class Neighbours {
 public:
  // Room for circles of indices [0, capacity).
  explicit Neighbours(int64_t capacity);

  void Insert(int32_t index, const Circle& circle);

  // True if `found` is for one of the inserted circles near a circle: all that touch it, and maybe others,
  // maybe more than once.
  template <class Found>
  bool AnyNear(const Circle& circle, const Found& found) const {
    for (const int32_t index : everywhere_) {
      if (found(index)) return true;
    }
    for (const Level& level : levels_) {
      const CellRange cells = CellsAround(level, circle);
      if (cells.count >= double(level.members.size())) {
        for (const int32_t index : level.members) {
          if (found(index)) return true;
        }
        continue;
      }
      for (int64_t y = cells.top; y <= cells.bottom; ++y) {
        for (int64_t x = cells.left; x <= cells.right; ++x) {
          for (int32_t i = first_[Slot(level.exponent, x, y)]; i >= 0; i = next_[size_t(i)]) {
            if (found(i)) return true;
          }
        }
      }
    }
    return false;
  }

 private:
  struct Level {
    int exponent;
    double cell;  // its side
    std::vector<int32_t> members;
  };
  struct CellRange {
    int64_t left, right, top, bottom;
    double count;  // infinite where the numbers of cells are not exact
  };

  Level& LevelOf(int exponent);
  static CellRange CellsAround(const Level& level, const Circle& circle);

  // Cells share slots: what else is in one is told apart by the caller's test.
  size_t Slot(int exponent, int64_t x, int64_t y) const {
    uint64_t hash = uint64_t(x) * 0x9E3779B97F4A7C15u + uint64_t(y);
    hash = (hash ^ (hash >> 29)) * 0xBF58476D1CE4E5B9u + uint64_t(exponent);
    hash = (hash ^ (hash >> 32)) * 0x94D049BB133111EBu;
    return size_t(hash >> shift_);
  }

  int shift_ = 60;
  std::vector<int32_t> first_;  // of a slot's list; negative: none
  std::vector<int32_t> next_;
  std::vector<Level> levels_;
  std::vector<int32_t> everywhere_;  // too large or too far away for cells
};

}  // namespace roiops

#endif  // ROIOPS_NMS_ROTATED_CPU_NEIGHBOURS_H_
