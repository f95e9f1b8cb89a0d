// Arithmetic as PTX specifies it where C++ does not.

#ifndef ROIOPS_TESTS_EMULATED_NUMBERS_H_
#define ROIOPS_TESTS_EMULATED_NUMBERS_H_

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

using int128_t = __int128;
using uint128_t = unsigned __int128;

// Byte i of the result is the one of a and b that digit i of the selector names, or its sign eight times.
inline uint32_t PermutedBytes(uint32_t a, uint32_t b, uint32_t selector) {
  const uint64_t both = uint64_t(b) << 32 | a;
  uint32_t result = 0;
  for (int i = 0; i < 4; ++i) {
    const uint32_t digit = selector >> (4 * i) & 15;
    const uint8_t byte = uint8_t(both >> (8 * (digit & 7)));
    result |= uint32_t(digit & 8 ? (byte & 0x80 ? 0xFF : 0) : byte) << (8 * i);
  }
  return result;
}

template <class To, class From>
inline To Bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "");
  To to;
  memcpy(&to, &from, sizeof(to));
  return to;
}
template <class T>
inline T Load(const uint8_t* from) {
  T value;
  memcpy(&value, from, sizeof(value));
  return value;
}
template <class T>
inline void Store(uint8_t* to, T value) {
  memcpy(to, &value, sizeof(value));
}
template <class T>
inline T Quotient(T a, T b) {  // what the device makes of a division by zero, and of the one that overflows
  if (b == 0) return T(-1);
  if (std::is_signed<T>::value && b == T(-1)) return T(0) - a;
  return a / b;
}
template <class T>
inline T Remainder(T a, T b) {
  if (b == 0) return a;
  if (std::is_signed<T>::value && b == T(-1)) return 0;
  return a % b;
}
template <class T>
inline T LeftShift(T a, uint32_t by) {
  return by >= sizeof(T) * 8 ? T(0) : T(a << by);
}
template <class T>
inline T RightShift(T a, uint32_t by) {
  const uint32_t most = sizeof(T) * 8 - 1;
  if (std::is_signed<T>::value) return T(a >> (by > most ? most : by));
  return by > most ? T(0) : T(a >> by);
}
template <class T>
inline T FloatMin(T a, T b) {
  if (a != a) return b;
  if (b != b) return a;
  if (a == b) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
template <class T>
inline T FloatMax(T a, T b) {
  if (a != a) return b;
  if (b != b) return a;
  if (a == b) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
// Saturates; NaN gives what PTX says it gives. `value` is integral.
template <class To, class From>
inline To ToInteger(From value) {
  constexpr bool wide = sizeof(To) == 8 || sizeof(From) == 8;
  if (value != value) return wide ? To(To(1) << (sizeof(To) * 8 - 1)) : To(0);
  constexpr To low = std::numeric_limits<To>::min(), high = std::numeric_limits<To>::max();
  if (value <= From(low)) return low;
  if (value >= From(high)) return high;
  return To(value);
}
template <class T>
inline T ExtractBits(T a, uint32_t from, uint32_t count) {
  return RightShift<T>(a, from) & (LeftShift<T>(1, count) - 1);
}
inline uint32_t LeadingZeros(uint32_t a) { return a ? uint32_t(__builtin_clz(a)) : 32; }
inline uint32_t LeadingZeros(uint64_t a) { return a ? uint32_t(__builtin_clzll(a)) : 64; }
template <class T>
inline T ReversedBits(T a) {
  T reversed = 0;
  for (size_t i = 0; i < sizeof(T) * 8; ++i, a >>= 1) reversed = T(reversed << 1 | (a & 1));
  return reversed;
}
template <class T>
__attribute__((noinline)) T SumTowardZero(T a, T b) {
  const int before = std::fegetround();
  std::fesetround(FE_TOWARDZERO);
  volatile T x = a, y = b, sum = x + y;
  std::fesetround(before);
  return sum;
}
__attribute__((noinline)) inline float ProductAndSumRoundedDown(float a, float b, float c) {
  const int before = std::fegetround();
  std::fesetround(FE_DOWNWARD);
  volatile float x = a, y = b, z = c, sum = std::fma(x, y, z);
  std::fesetround(before);
  return sum;
}
// Within 0 and 1, where NaN is 0.
inline float Saturated(float a) { return a > 0 ? (a < 1 ? a : 1) : 0; }
inline float Flushed(float a) { return std::fabs(a) < 0x1p-126f ? std::copysign(0.0f, a) : a; }
inline float FromHalf(uint16_t h) {
  const uint32_t sign = uint32_t(h & 0x8000) << 16, exponent = (h >> 10) & 31, fraction = h & 1023;
  if (exponent == 31) return Bits<float>(sign | 0x7F800000 | fraction << 13);
  if (exponent) return Bits<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float value = float(fraction) * 0x1p-24f;
  return sign ? -value : value;
}
inline uint16_t ToHalfBits(float value) {  // nearest, ties to even
  const uint32_t bits = Bits<uint32_t>(value), magnitude = bits & 0x7FFFFFFF;
  const uint16_t sign = uint16_t(bits >> 16 & 0x8000);
  if (magnitude > 0x7F800000) return 0x7FFF;
  if (magnitude >= 0x477FF000) return sign | 0x7C00;
  if (magnitude < 0x38800000) {  // a multiple of 2^-24
    return sign | uint16_t(std::nearbyint(Bits<float>(magnitude) * 0x1p24f));
  }
  const uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
  return sign | uint16_t((rounded - 0x38000000) >> 13);
}

#endif  // ROIOPS_TESTS_EMULATED_NUMBERS_H_
