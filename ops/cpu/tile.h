// A part of a feature map, packed for the CPU kernels.

#ifndef ROIOPS_CPU_TILE_H_
#define ROIOPS_CPU_TILE_H_

#include <cstdint>

namespace roiops {

// The kernels work on a copy of a part of the map, the tile, whose channels are interleaved. It is packed in
// squares of as many pixels of a row as there are lanes.
struct Square {
  int32_t row;
  int32_t column;  // the first one
};

enum class TileKind {
  kMap,  // the whole map, packed as boxes need it and kept for those that follow
  kBox,  // the part under one box, where the map is too large
  kRow,  // one row of that at a time, where the box is too large as well
};

// The image a task reads, and the tile it finds there: `tile_stride` pixels of each row, from a row and
// column on.
template <class Stored>
struct MapTile {
  const Stored* image;  // channel 0
  const Stored*
      map_end;  // of the tensor the image is in: kernels read past the end of a row, never past this
  int64_t height;
  int64_t width;
  TileKind tile;
  int64_t tile_row;
  int64_t tile_column;
  int64_t tile_stride;
  int64_t squares;  // kMap: entries of TaskList::squares to pack before this task
};

// Tasks in the order in which they are pooled, and the squares to pack for them, each once.
template <class Task>
struct TaskList {
  const Task* const* tasks;
  int64_t count;
  const Square* squares;
};

}  // namespace roiops

#endif  // ROIOPS_CPU_TILE_H_
