// Vectors of a fixed number of lanes, from the compiler's vector extensions, for the instruction set of the
// including file.
//
// Everything is in an unnamed namespace and nothing comes from the standard library: a function that two
// files share could be linked in the version of a newer instruction set and run on a processor that does not
// have it.

#ifndef ROIOPS_CPU_VECTOR_H_
#define ROIOPS_CPU_VECTOR_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/half.h"

namespace roiops {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class Scalar>
struct VectorOf {
  static constexpr int kLanes = kVectorBytes / int(sizeof(Scalar));
  typedef Scalar Type __attribute__((vector_size(kVectorBytes)));
};

template <class Scalar>
using Vector = typename VectorOf<Scalar>::Type;

template <class Scalar>
inline Vector<Scalar> Broadcast(Scalar value) {
  return value - Vector<Scalar>{};
}

// NaN if one of them is.
template <class Scalar>
inline Vector<Scalar> Maximum(Vector<Scalar> a, Vector<Scalar> b) {
  return ((a > b) | (a != a)) ? a : b;
}

// ---- Memory. `Scalar` is what is computed with, `Stored` what the tensor holds.

template <class Scalar, class Stored>
struct Memory;

template <class Scalar>
struct Memory<Scalar, Scalar> {
  static Vector<Scalar> Load(const Scalar* from) {
    Vector<Scalar> v;
    memcpy(&v, from, sizeof(v));
    return v;
  }
  static void Store(Vector<Scalar> v, Scalar* to) { memcpy(to, &v, sizeof(v)); }
};

template <>
struct Memory<float, BFloat16> {
  static constexpr int kLanes = VectorOf<float>::kLanes;
  typedef uint16_t Bits __attribute__((vector_size(kLanes * 2)));
  typedef uint32_t Wide __attribute__((vector_size(kLanes * 4)));

  static Vector<float> Load(const BFloat16* from) {
    Bits bits;
    memcpy(&bits, from, sizeof(bits));
    const Wide wide = __builtin_convertvector(bits, Wide) << 16;
    Vector<float> v;
    memcpy(&v, &wide, sizeof(v));
    return v;
  }
  static void Store(Vector<float> v, BFloat16* to) {
    Wide wide;
    memcpy(&wide, &v, sizeof(wide));
    const Wide rounded = (wide + 0x7FFF + ((wide >> 16) & 1)) >> 16;
    const Wide quiet_nan = (wide >> 16) | 0x40;
    const Bits bits = __builtin_convertvector((wide & 0x7FFFFFFF) > 0x7F800000 ? quiet_nan : rounded, Bits);
    memcpy(to, &bits, sizeof(bits));
  }
};

template <>
struct Memory<float, Half> {
#if defined(__AVX512F__)
  static Vector<float> Load(const Half* from) {
    return (Vector<float>)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)from));
  }
  static void Store(Vector<float> v, Half* to) {
    _mm256_storeu_si256((__m256i*)to, _mm512_cvtps_ph((__m512)v, _MM_FROUND_TO_NEAREST_INT));
  }
#elif defined(__F16C__)
  static Vector<float> Load(const Half* from) {
    return (Vector<float>)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)from));
  }
  static void Store(Vector<float> v, Half* to) {
    _mm_storeu_si128((__m128i*)to, _mm256_cvtps_ph((__m256)v, _MM_FROUND_TO_NEAREST_INT));
  }
#elif defined(__aarch64__)
  typedef __fp16 Native __attribute__((vector_size(8)));
  static Vector<float> Load(const Half* from) {
    Native native;
    memcpy(&native, from, sizeof(native));
    return __builtin_convertvector(native, Vector<float>);
  }
  static void Store(Vector<float> v, Half* to) {
    const Native native = __builtin_convertvector(v, Native);
    memcpy(to, &native, sizeof(native));
  }
#else
  static Vector<float> Load(const Half* from) {
    Vector<float> v = {};
    for (int i = 0; i < VectorOf<float>::kLanes; ++i) v[i] = ToFloat(from[i]);
    return v;
  }
  static void Store(Vector<float> v, Half* to) {
    for (int i = 0; i < VectorOf<float>::kLanes; ++i) to[i] = ToHalf(v[i]);
  }
#endif
};

// ---- Copies that do not go through the cache, for results too large to stay there: memory is then only
// written, where an ordinary store would read it first.

#if defined(__AVX512F__)
inline void StreamVector(const char* from, char* to) {
  _mm512_stream_si512((__m512i*)to, _mm512_loadu_si512(from));
}
#elif defined(__AVX2__)
inline void StreamVector(const char* from, char* to) {
  _mm256_stream_si256((__m256i*)to, _mm256_loadu_si256((const __m256i*)from));
}
#elif defined(__x86_64__)
inline void StreamVector(const char* from, char* to) {
  _mm_stream_si128((__m128i*)to, _mm_loadu_si128((const __m128i*)from));
}
#else
inline void StreamVector(const char* from, char* to) { memcpy(to, from, kVectorBytes); }
#endif

// Only whole cache lines: one written in two parts costs more than all that streaming saves.
inline void Stream(const void* from, void* to, size_t bytes) {
  constexpr size_t kLine = 64;
  const char* source = static_cast<const char*>(from);
  char* target = static_cast<char*>(to);
  const size_t misaligned = size_t(-uintptr_t(target)) % kLine;
  const size_t head = misaligned < bytes ? misaligned : bytes;
  memcpy(target, source, head);
  size_t at = head;
  for (; at + kLine <= bytes; at += kLine) {
#pragma GCC unroll 4
    for (size_t i = 0; i < kLine; i += kVectorBytes) StreamVector(source + at + i, target + at + i);
  }
  memcpy(target + at, source + at, bytes - at);
}

// Makes streamed memory visible to other threads in order.
inline void EndStream() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

// ---- Transposition of a square of vectors: in registers only where it is a part of what calls it.

#define ROIOPS_INLINE __attribute__((always_inline)) inline

template <int... I>
struct Indices {};
template <int N, int... I>
struct MakeIndices : MakeIndices<N - 1, N - 1, I...> {};
template <int... I>
struct MakeIndices<0, I...> {
  using Type = Indices<I...>;
};

// Two vectors' units of `unit` lanes taken in turn, from the lower or upper half of each 128-bit group: the
// shuffles that processors do in one instruction. Lanes of the second vector count from `lanes`.
constexpr int InterleavedLane(int lane, int unit, int group, int lanes, bool upper) {
  const int within = lane % group;
  const int source = lane - within + (upper ? group / 2 : 0) + within / unit / 2 * unit + within % unit;
  return within / unit % 2 == 0 ? source : lanes + source;
}

// Two vectors whose off-diagonal blocks of `block` lanes have changed places.
constexpr int ExchangedLane(int lane, int block, int lanes, bool second) {
  const bool upper = (lane / block) % 2 == 1;
  return second ? (upper ? lanes + lane : lane + block) : (upper ? lanes + lane - block : lane);
}

template <class Scalar, int kUnit, int... I>
ROIOPS_INLINE void Interleave(Vector<Scalar>& a, Vector<Scalar>& b, Indices<I...>) {
  constexpr int kLanes = VectorOf<Scalar>::kLanes;
  constexpr int kGroup = 16 / int(sizeof(Scalar));
  const Vector<Scalar> low =
      __builtin_shufflevector(a, b, InterleavedLane(I, kUnit, kGroup, kLanes, false)...);
  b = __builtin_shufflevector(a, b, InterleavedLane(I, kUnit, kGroup, kLanes, true)...);
  a = low;
}

template <class Scalar, int kBlock, int... I>
ROIOPS_INLINE void ExchangeBlocks(Vector<Scalar>& a, Vector<Scalar>& b, Indices<I...>) {
  constexpr int kLanes = VectorOf<Scalar>::kLanes;
  const Vector<Scalar> first = __builtin_shufflevector(a, b, ExchangedLane(I, kBlock, kLanes, false)...);
  b = __builtin_shufflevector(a, b, ExchangedLane(I, kBlock, kLanes, true)...);
  a = first;
}

// Transposes each square of 128 bits by 128 bits, given the rows of one row of such squares.
template <class Scalar>
ROIOPS_INLINE void TransposeGroups(Vector<Scalar>* rows) {
  using AllLanes = typename MakeIndices<VectorOf<Scalar>::kLanes>::Type;
  if constexpr (sizeof(Scalar) == 8) {
    Interleave<Scalar, 1>(rows[0], rows[1], AllLanes());
  } else {
    Interleave<Scalar, 1>(rows[0], rows[1], AllLanes());
    Interleave<Scalar, 1>(rows[2], rows[3], AllLanes());
    Interleave<Scalar, 2>(rows[0], rows[2], AllLanes());
    Interleave<Scalar, 2>(rows[1], rows[3], AllLanes());
    const Vector<Scalar> second = rows[2];
    rows[2] = rows[1];
    rows[1] = second;
  }
}

template <class Scalar, int kBlock>
ROIOPS_INLINE void TransposeBlocks(Vector<Scalar>* rows) {
  constexpr int kLanes = VectorOf<Scalar>::kLanes;
  if constexpr (kBlock < kLanes) {
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) {
      if ((i / kBlock) % 2 == 0) {
        ExchangeBlocks<Scalar, kBlock>(rows[i], rows[i + kBlock], typename MakeIndices<kLanes>::Type());
      }
    }
    TransposeBlocks<Scalar, kBlock * 2>(rows);
  }
}

// Row i, lane j becomes row j, lane i.
template <class Scalar>
ROIOPS_INLINE void Transpose(Vector<Scalar>* rows) {
  constexpr int kGroup = 16 / int(sizeof(Scalar));
#pragma GCC unroll 4
  for (int i = 0; i < VectorOf<Scalar>::kLanes; i += kGroup) TransposeGroups<Scalar>(rows + i);
  TransposeBlocks<Scalar, kGroup>(rows);
}

}  // namespace
}  // namespace roiops

#endif  // ROIOPS_CPU_VECTOR_H_
