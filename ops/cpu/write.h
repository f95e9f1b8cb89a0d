// The last step of a CPU kernel: the outputs are transposed back, so that each channel's are stored
// contiguously.

#ifndef ROIOPS_CPU_WRITE_H_
#define ROIOPS_CPU_WRITE_H_

#include "cpu/pack.h"

namespace roiops {
namespace {

template <class Acc, class Stored, int kVectors>
class Writer {
 public:
  using V = Vector<Acc>;

  Writer(Channels<Acc, kVectors> channels, const V* outputs) : channels_(channels), outputs_(outputs) {}

  // The first n outputs of a channel go to to[channel * stride ...].
  void Write(int64_t n, Stored* to, int64_t stride) const {
    for (int v = 0; v < kVectors; ++v, to += kLanes * stride) {
      if (n == 1) {
        WriteOne(v, to, stride);
      } else if (n < kLanes) {
        WriteFew(v, n, to, stride);
      } else {
        WriteMany(v, n, to, stride);
      }
    }
  }

 private:
  static constexpr int kLanes = VectorOf<Acc>::kLanes;
  using Mem = Memory<Acc, Stored>;

  void WriteMany(int v, int64_t n, Stored* to, int64_t stride) const {
    const int64_t channels = channels_.PerVector();
    for (int64_t at = 0; at < n; at += kLanes) {
      // The last square ends with the last output and repeats some of the one before it.
      const int64_t start = n - at < kLanes ? n - kLanes : at;
      V square[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) square[i] = outputs_[(start + i) * kVectors + v];
      Transpose<Acc>(square);
      if (channels == kLanes) {
#pragma GCC unroll 16
        for (int c = 0; c < kLanes; ++c) Mem::Store(square[c], to + c * stride + start);
      } else {
        for (int64_t c = 0; c < channels; ++c) Mem::Store(square[c], to + c * stride + start);
      }
    }
  }

  // The same for fewer outputs than there are lanes.
  __attribute__((noinline)) void WriteFew(int v, int64_t n, Stored* to, int64_t stride) const {
    V square[kLanes];
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) square[i] = outputs_[(i < n ? i : 0) * kVectors + v];
    Transpose<Acc>(square);
    // Each channel overwrites what the one before it has left behind its outputs.
    const int64_t channels = channels_.PerVector();
    int64_t whole = n == stride ? channels - (kLanes - 1) / n : 0;
    if (whole < 0) whole = 0;
    for (int64_t c = 0; c < whole; ++c) Mem::Store(square[c], to + c * n);
    for (int64_t c = whole; c < channels; ++c) {
      Stored outputs[kLanes];
      Mem::Store(square[c], outputs);
      memcpy(to + c * stride, outputs, size_t(n) * sizeof(Stored));
    }
  }

  void WriteOne(int v, Stored* to, int64_t stride) const {
    const int64_t channels = channels_.PerVector();
    if (stride == 1 && channels == kLanes) return Mem::Store(outputs_[v], to);
    Stored outputs[kLanes];
    Mem::Store(outputs_[v], outputs);
    for (int64_t c = 0; c < channels; ++c) to[c * stride] = outputs[c];
  }

  const Channels<Acc, kVectors> channels_;
  const V* const outputs_;
};

}  // namespace
}  // namespace roiops

#endif  // ROIOPS_CPU_WRITE_H_
