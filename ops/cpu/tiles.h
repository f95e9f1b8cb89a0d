// What the tiles of the CPU kernels hold, and in which order it is packed.

#ifndef ROIOPS_CPU_TILES_H_
#define ROIOPS_CPU_TILES_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "cpu/tile.h"

namespace roiops {

// Tasks that a work item pools one after the other, and the squares they need.
struct Part {
  int64_t begin;
  int64_t end;
  std::vector<Square> squares;
  std::vector<uint64_t> needed;  // a bit for each square of a map
};

inline int64_t PaddedTo(int64_t lanes, int64_t width) { return (width + lanes - 1) / lanes * lanes; }

// A Task is a MapTile that knows which pixels it reads: IsEmpty, FirstRow, LastRow, FirstColumn, LastColumn
// and ForEachRow.
template <class Task>
class TilePlanner {
 public:
  // Squares are of `lanes` pixels, a tile has room for `capacity`.
  TilePlanner(int64_t lanes, int64_t capacity) : lanes_(lanes), capacity_(capacity) {}

  // Decides for each box of a part what the tile holds.
  void Plan(Task* const* boxes, int64_t begin, int64_t end, Part& part) const {
    part.begin = begin;
    part.end = end;
    part.squares.clear();
    for (int64_t i = begin; i < end;) {
      Task& task = *boxes[i];
      if (task.IsEmpty()) {
        ++i;
      } else if (task.height * Padded(task.width) <= capacity_) {
        int64_t next = i + 1;
        while (next < end && (boxes[next]->IsEmpty() || OnSameMap(*boxes[next], task))) ++next;
        ShareTile(boxes, i, next, part);
        i = next;
      } else {
        const int64_t rows = task.LastRow() + 1 - task.FirstRow();
        task.tile_row = task.FirstRow();
        task.tile_column = task.FirstColumn();
        task.tile_stride = Padded(task.LastColumn() + 1 - task.FirstColumn());
        task.tile = rows * task.tile_stride <= capacity_ ? TileKind::kBox : TileKind::kRow;
        ++i;
      }
    }
  }

 private:
  // Maps of different shapes may share their memory: Reshape does not copy.
  static bool OnSameMap(const Task& a, const Task& b) {
    return a.image == b.image && a.height == b.height && a.width == b.width;
  }

  // Boxes [begin, end) lie on one map and share a tile of it. The squares that any of them needs are packed
  // in the order in which they are in memory, each box bringing those up to its last row.
  void ShareTile(Task* const* boxes, int64_t begin, int64_t end, Part& part) const {
    const int64_t stride = Padded(boxes[begin]->width);
    const int64_t words = (stride / lanes_ + 63) / 64;  // of a row of squares, a bit for each
    part.needed.assign(size_t(boxes[begin]->height * words), 0);
    for (int64_t i = begin; i < end; ++i) {
      Task& task = *boxes[i];
      if (task.IsEmpty()) continue;
      task.tile = TileKind::kMap;
      task.tile_stride = stride;
      task.ForEachRow([&](int64_t row, int64_t first_column, int64_t last_column) {
        const int64_t first = first_column / lanes_;
        const int64_t last = last_column / lanes_;
        for (int64_t word = first / 64; word <= last / 64; ++word) {
          const uint64_t from = ~uint64_t(0) << std::max<int64_t>(first - 64 * word, 0);
          const uint64_t to = ~uint64_t(0) >> std::max<int64_t>(64 * word + 63 - last, 0);
          part.needed[size_t(row * words + word)] |= from & to;
        }
      });
    }
    const uint64_t* needed = part.needed.data();
    int64_t row = 0;
    for (int64_t i = begin; i < end; ++i) {
      Task& task = *boxes[i];
      if (task.IsEmpty()) continue;
      const size_t before = part.squares.size();
      for (; row <= task.LastRow(); ++row) {
        for (int64_t word = 0; word < words; ++word) {
          for (uint64_t marks = *needed++; marks != 0; marks &= marks - 1) {
            const int64_t square = 64 * word + __builtin_ctzll(marks);
            part.squares.push_back({int32_t(row), int32_t(square * lanes_)});
          }
        }
      }
      task.squares = int64_t(part.squares.size() - before);
    }
  }

  int64_t Padded(int64_t width) const { return PaddedTo(lanes_, width); }

  const int64_t lanes_;
  const int64_t capacity_;
};

}  // namespace roiops

#endif  // ROIOPS_CPU_TILES_H_
