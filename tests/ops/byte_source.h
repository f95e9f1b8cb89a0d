// Bytes that decide a test case: random ones in the unit tests, libFuzzer's in the fuzzers.

#ifndef ROIOPS_TESTS_BYTE_SOURCE_H_
#define ROIOPS_TESTS_BYTE_SOURCE_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace roiops_test {

class ByteSource {
 public:
  ByteSource(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  // The next sizeof(T) bytes; zeros at the end.
  template <class T>
  T Take() {
    T value = {};
    const size_t bytes = size_ < sizeof(T) ? size_ : sizeof(T);
    if (bytes) std::memcpy(&value, data_, bytes);
    data_ += bytes;
    size_ -= bytes;
    return value;
  }

  // A number in [low, high].
  int64_t Between(int64_t low, int64_t high) {
    const uint64_t span = uint64_t(high - low) + 1;
    const uint64_t bits = span <= 256 ? Take<uint8_t>() : Take<uint64_t>();
    return low + int64_t(span ? bits % span : bits);
  }

  template <class T, size_t kCount>
  T Choose(const T (&choices)[kCount]) {
    return choices[size_t(Between(0, int64_t(kCount) - 1))];
  }

  // Any finite bit pattern.
  template <class Float>
  Float Finite() {
    const Float value = Take<Float>();
    return std::isfinite(value) ? value : Float(0);
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_BYTE_SOURCE_H_
