// ops/cpu/pack.h and write.h for the instruction set this file is compiled for: what is packed and written
// back, and that nothing beside it is touched.

#include <cstring>
#include <string>
#include <vector>

#include "cpu/isa_test.h"
#include "cpu/pack.h"
#include "cpu/write.h"
#include "expect.h"
#include "guarded_buffer.h"

namespace {

using roiops::BFloat16;
using roiops::Half;
using roiops::MapTile;
using roiops::Square;
using roiops::Vector;
using roiops::VectorOf;
using roiops_test::Against;
using roiops_test::Expect;
using roiops_test::GuardedBuffer;

void StoreAs(int number, float* to) { *to = float(number); }
void StoreAs(int number, double* to) { *to = number; }
void StoreAs(int number, Half* to) { *to = roiops::ToHalf(float(number)); }
void StoreAs(int number, BFloat16* to) { *to = roiops::ToBFloat16(float(number)); }

// Every square of a map of `channels` channels, the last of which end where the memory does.
template <class Acc, class Stored, int kVectors>
void PackedPixelsAreThoseOfTheMap(int64_t channels, int64_t width) {
  constexpr int kLanes = VectorOf<Acc>::kLanes;
  const int64_t height = 3, stride = (width + kLanes - 1) / kLanes * kLanes;
  const GuardedBuffer map(size_t(channels * height * width) * sizeof(Stored), Against::kEnd);
  for (int64_t i = 0; i < channels * height * width; ++i) StoreAs(int(i % 251) + 1, map.As<Stored>() + i);
  MapTile<Stored> tile = {};
  tile.image = map.As<Stored>();
  tile.map_end = tile.image + channels * height * width;
  tile.height = height;
  tile.width = width;
  tile.tile_stride = stride;
  std::vector<Square> squares;
  for (int32_t row = 0; row < height; ++row) {
    for (int32_t column = 0; column < width; column += kLanes) squares.push_back({row, column});
  }
  const size_t packed_bytes = size_t(height * stride) * kVectors * sizeof(Vector<Acc>);
  const GuardedBuffer packed(packed_bytes, Against::kStart);
  for (int64_t first = 0; first < channels; first += kLanes * kVectors) {
    const roiops::Channels<Acc, kVectors> block = {first,
                                                   std::min<int64_t>(channels - first, kLanes * kVectors)};
    const roiops::Packer<Acc, Stored, kVectors> packer(block, packed.As<char>());
    packer.Pack(tile, squares.data(), squares.data() + squares.size(), packer.Origin(tile, 0));
    const Vector<Acc>* vectors = packed.As<Vector<Acc>>();
    for (int64_t pixel = 0; pixel < height * width; ++pixel) {
      const int64_t at = pixel / width * stride + pixel % width;
      for (int c = 0; c < kVectors * kLanes; ++c) {
        const Acc found = vectors[at * kVectors + c / kLanes][c % kLanes];
        const Acc wanted =
            c < block.count ? Acc(roiops::ToFloat(tile.image[(first + c) * height * width + pixel])) : 0;
        Expect(found == wanted, std::to_string(channels) + " channels, width " + std::to_string(width) +
                                    ": channel " + std::to_string(first + c) + " of pixel " +
                                    std::to_string(pixel) + " is " + std::to_string(found) + ", not " +
                                    std::to_string(wanted));
      }
    }
  }
  Expect(packed.SlackIntact(), "wrote outside of the tile");
}

// `n` outputs of each channel, of which there are `stride`; the others keep what they have.
template <class Acc, class Stored, int kVectors>
void WrittenOutputsAreThoseOfTheBlock(int64_t channels, int64_t n, int64_t stride) {
  constexpr int kLanes = VectorOf<Acc>::kLanes;
  const GuardedBuffer block(size_t(n) * kVectors * sizeof(Vector<Acc>), Against::kStart);
  const auto value = [&](int64_t channel, int64_t i) { return int((channel * n + i) % 251) + 1; };
  for (int64_t i = 0; i < n * kVectors * kLanes; ++i) {
    block.As<Acc>()[i] = Acc(value(i % (kVectors * kLanes), i / (kVectors * kLanes)));
  }
  // The last channel's outputs may end before its stride does.
  const int64_t size = (channels - 1) * stride + n;
  const GuardedBuffer to(size_t(size) * sizeof(Stored), Against::kEnd);
  std::memset(to.As<char>(), 0xFF, size_t(size) * sizeof(Stored));
  const roiops::Writer<Acc, Stored, kVectors> writer({0, channels}, block.As<Vector<Acc>>());
  writer.Write(n, to.As<Stored>(), stride);
  const std::string what = std::to_string(channels) + " channels, " + std::to_string(n) + " of " +
                           std::to_string(stride) + " outputs";
  Expect(to.SlackIntact(), what + ": wrote before the output");
  for (int64_t i = 0; i < size; ++i) {
    Stored wanted;
    std::memset(static_cast<void*>(&wanted), 0xFF, sizeof(wanted));
    if (i % stride < n) StoreAs(value(i / stride, i % stride), &wanted);
    Expect(std::memcmp(&wanted, to.As<Stored>() + i, sizeof(wanted)) == 0,
           what + ": element " + std::to_string(i) + " differs");
  }
}

template <class Acc, class Stored>
void TestType() {
  constexpr int kLanes = VectorOf<Acc>::kLanes;
  constexpr int kWide = 2;
  for (const int64_t width : {1, 2, kLanes - 1, kLanes, kLanes + 1, 2 * kLanes, 3 * kLanes + 2}) {
    if (width < 1) continue;
    for (int64_t channels = 1; channels <= kLanes + 1; ++channels)
      PackedPixelsAreThoseOfTheMap<Acc, Stored, 1>(channels, width);
    PackedPixelsAreThoseOfTheMap<Acc, Stored, kWide>(2 * kWide * kLanes, width);
  }
  for (int64_t n = 1; n <= 3 * kLanes + 1; ++n) {
    for (const int64_t stride : {n, n + 1, n + 2 * kLanes}) {
      for (int64_t channels = 1; channels <= kLanes; ++channels)
        WrittenOutputsAreThoseOfTheBlock<Acc, Stored, 1>(channels, n, stride);
      WrittenOutputsAreThoseOfTheBlock<Acc, Stored, kWide>(kWide * kLanes, n, stride);
    }
  }
}

}  // namespace

void roiops_test::RunIsaTest() {
  TestType<float, float>();
  TestType<double, double>();
  TestType<float, Half>();
  TestType<float, BFloat16>();
}
