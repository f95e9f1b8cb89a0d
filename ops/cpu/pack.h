// The first step of a CPU kernel: a part of the map is copied with its channels interleaved, a square of
// pixels by channels at a time.

#ifndef ROIOPS_CPU_PACK_H_
#define ROIOPS_CPU_PACK_H_

#include "cpu/tile.h"
#include "cpu/vector.h"

namespace roiops {
namespace {

// The channels a kernel pools at once. A block of several vectors is always full.
template <class Acc, int kVectors>
struct Channels {
  static constexpr int kLanes = VectorOf<Acc>::kLanes;
  int64_t first;
  int64_t count;

  // Those in each vector of a pixel.
  int64_t PerVector() const { return kVectors > 1 ? kLanes : count; }
};

template <class Acc, class Stored, int kVectors>
class Packer {
 public:
  using V = Vector<Acc>;
  using Box = MapTile<Stored>;

  Packer(Channels<Acc, kVectors> channels, void* tile) : channels_(channels), tile_(static_cast<V*>(tile)) {}

  // Where row 0 and column 0 of the map would be in a tile that begins at `tile_row`.
  V* Origin(const Box& box, int64_t tile_row) const {
    return tile_ - (tile_row * box.tile_stride + box.tile_column) * kVectors;
  }

  // Copies squares of the map to the tile.
  void Pack(const Box& box, const Square* squares, const Square* end, V* origin) const {
    const int64_t plane = box.height * box.width;
    const Stored* first = box.image + channels_.first * plane;
    for (const Square* square = squares; square < end; ++square) {
      const Stored* from = first + square->row * box.width + square->column;
      V* to = origin + (square->row * box.tile_stride + square->column) * kVectors;
      for (int v = 0; v < kVectors; ++v, from += kLanes * plane) {
        V pixels[kLanes];
        LoadSquare(box, from, plane, channels_.PerVector(), pixels);
        Transpose<Acc>(pixels);
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; ++i) to[i * kVectors + v] = pixels[i];
      }
    }
  }

  // Packs the box's part of a row of the map.
  void PackRow(const Box& box, int32_t row, V* origin) const {
    for (int64_t at = 0; at < box.tile_stride; at += kLanes) {
      const Square square = {row, int32_t(box.tile_column + at)};
      Pack(box, &square, &square + 1, origin);
    }
  }

 private:
  static constexpr int kLanes = VectorOf<Acc>::kLanes;
  using Mem = Memory<Acc, Stored>;

  // Channels that are not there are zero.
  static ROIOPS_INLINE void LoadSquare(const Box& box, const Stored* from, int64_t plane, int64_t channels,
                                       V* pixels) {
    if (box.map_end - from < (channels - 1) * plane + kLanes) {
      LoadAtEnd(box, from, plane, channels, pixels);
    } else if (channels == kLanes) {
#pragma GCC unroll 16
      for (int c = 0; c < kLanes; ++c) pixels[c] = Mem::Load(from + c * plane);
    } else {
#pragma GCC unroll 16
      for (int c = 0; c < kLanes; ++c) pixels[c] = c < channels ? Mem::Load(from + c * plane) : V{};
    }
  }

  // The same where loads would reach past the end of the tensor.
  __attribute__((noinline)) static void LoadAtEnd(const Box& box, const Stored* from, int64_t plane,
                                                  int64_t channels, V* pixels) {
    for (int c = 0; c < kLanes; ++c) {
      Stored buffer[kLanes] = {};
      if (c < channels) {
        const int64_t left = box.map_end - (from + c * plane);
        memcpy(buffer, from + c * plane, size_t(left < kLanes ? left : kLanes) * sizeof(Stored));
      }
      pixels[c] = Mem::Load(buffer);
    }
  }

  const Channels<Acc, kVectors> channels_;
  V* const tile_;
};

}  // namespace
}  // namespace roiops

#endif  // ROIOPS_CPU_PACK_H_
