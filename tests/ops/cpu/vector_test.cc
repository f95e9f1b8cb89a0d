// ops/cpu/vector.h for the instruction set this file is compiled for.

#include "cpu/vector.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "cpu/isa_test.h"
#include "expect.h"
#include "guarded_buffer.h"

namespace {

using roiops::BFloat16;
using roiops::Half;
using roiops::Vector;
using roiops::VectorOf;
using roiops_test::Expect;

bool SameOrNan(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

template <class Stored>
void EveryNumberIsLoadedAndStored(const char* type) {
  constexpr int kLanes = VectorOf<float>::kLanes;
  using Mem = roiops::Memory<float, Stored>;
  for (uint32_t first = 0; first < 65536; first += kLanes) {
    Stored from[kLanes], to[kLanes];
    for (int i = 0; i < kLanes; ++i) from[i].bits = uint16_t(first + uint32_t(i));
    const Vector<float> loaded = Mem::Load(from);
    Mem::Store(loaded, to);
    for (int i = 0; i < kLanes; ++i) {
      const float wanted = roiops::ToFloat(from[i]);
      const std::string what = std::string(type) + " " + std::to_string(from[i].bits);
      Expect(SameOrNan(loaded[i], wanted) && std::signbit(loaded[i]) == std::signbit(wanted),
             what + " is loaded as " + std::to_string(loaded[i]));
      Expect(std::isnan(wanted) ? std::isnan(roiops::ToFloat(to[i])) : to[i].bits == from[i].bits,
             what + " is stored as " + std::to_string(to[i].bits));
    }
  }
}

uint16_t Rounded(float value, Half) { return roiops::ToHalf(value).bits; }
uint16_t Rounded(float value, BFloat16) { return roiops::ToBFloat16(value).bits; }

// Numbers between those of 16 bits, ties and the ends of the range among them.
template <class Stored>
void StoresRoundAsOneNumberDoes(const char* type) {
  constexpr int kLanes = VectorOf<float>::kLanes;
  std::mt19937 random(1);
  std::vector<float> numbers = {0.0f,        -0.0f,    65504.0f,      65519.9f, 65520.0f,
                                1e-8f,       6e-8f,    3.4028235e38f, 3.39e38f, 1.00048828125f,
                                1.00390625f, INFINITY, -INFINITY};
  while (numbers.size() < 20000) {
    uint32_t bits = uint32_t(random());
    if (random() % 2) bits = (bits & 0x8FFFFFFF) | 0x30000000;   // near 1
    if (random() % 4 == 0) bits = (bits & 0xFFFFE000) | 0x1000;  // a tie of float16
    if (random() % 4 == 0) bits = (bits & 0xFFFF0000) | 0x8000;  // a tie of bfloat16
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    if (!std::isnan(value)) numbers.push_back(value);
  }
  for (size_t at = 0; at + kLanes <= numbers.size(); at += kLanes) {
    Stored to[kLanes];
    roiops::Memory<float, Stored>::Store(roiops::Memory<float, float>::Load(&numbers[at]), to);
    for (size_t i = 0; i < size_t(kLanes); ++i) {
      Expect(to[i].bits == Rounded(numbers[at + i], Stored()),
             std::string(type) + ": " + std::to_string(numbers[at + i]) + " is stored as " +
                 std::to_string(to[i].bits));
    }
  }
}

template <class Scalar>
void ALaneIsNanIfEitherIs() {
  constexpr Scalar kNan = std::numeric_limits<Scalar>::quiet_NaN();
  const Scalar numbers[] = {kNan, -INFINITY, -1, 0, 2, INFINITY};
  for (const Scalar a : numbers) {
    for (const Scalar b : numbers) {
      const Vector<Scalar> largest =
          roiops::Maximum<Scalar>(roiops::Broadcast<Scalar>(a), roiops::Broadcast<Scalar>(b));
      const Scalar wanted = std::isnan(a) || std::isnan(b) ? kNan : std::max(a, b);
      for (int i = 0; i < VectorOf<Scalar>::kLanes; ++i) {
        Expect(std::isnan(wanted) ? std::isnan(largest[i]) : largest[i] == wanted,
               "maximum of " + std::to_string(a) + " and " + std::to_string(b));
      }
    }
  }
}

template <class Scalar>
void LanesBecomeRows() {
  constexpr int kLanes = VectorOf<Scalar>::kLanes;
  Vector<Scalar> rows[kLanes];
  for (int i = 0; i < kLanes; ++i) {
    for (int j = 0; j < kLanes; ++j) rows[i][j] = Scalar(100 * i + j);
  }
  roiops::Transpose<Scalar>(rows);
  for (int i = 0; i < kLanes; ++i) {
    for (int j = 0; j < kLanes; ++j) {
      Expect(rows[i][j] == Scalar(100 * j + i), std::to_string(sizeof(Scalar)) + "-byte lanes: row " +
                                                    std::to_string(i) + ", lane " + std::to_string(j));
    }
  }
}

// From any address to any other, and not a byte more.
void AStreamIsACopy() {
  constexpr size_t kMost = 300;
  unsigned char from[kMost + 64];
  for (size_t i = 0; i < sizeof(from); ++i) from[i] = static_cast<unsigned char>(i * 7 + 1);
  for (const auto side : {roiops_test::Against::kStart, roiops_test::Against::kEnd}) {
    for (size_t bytes = 0; bytes < kMost; ++bytes) {
      const roiops_test::GuardedBuffer to(bytes, side);
      const unsigned char* source = from + bytes % 61;
      roiops::Stream(source, to.As<char>(), bytes);
      roiops::EndStream();
      Expect(bytes == 0 || std::memcmp(source, to.As<char>(), bytes) == 0,
             std::to_string(bytes) + " bytes are streamed");
      Expect(to.SlackIntact(), "a stream of " + std::to_string(bytes) + " bytes wrote more");
    }
  }
}

}  // namespace

void roiops_test::RunIsaTest() {
  EveryNumberIsLoadedAndStored<Half>("float16");
  EveryNumberIsLoadedAndStored<BFloat16>("bfloat16");
  StoresRoundAsOneNumberDoes<Half>("float16");
  StoresRoundAsOneNumberDoes<BFloat16>("bfloat16");
  ALaneIsNanIfEitherIs<float>();
  ALaneIsNanIfEitherIs<double>();
  LanesBecomeRows<float>();
  LanesBecomeRows<double>();
  AStreamIsACopy();
}
