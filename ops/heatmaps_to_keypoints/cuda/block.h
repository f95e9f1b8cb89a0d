// The keypoint of one map, by a block of threads. The upsampled map is never held.
//
//   box     the box of the map
//   rows    taps of some rows of the upsampled map, a thread per row
//   search  a thread keeps to a column of the upsampled map and goes through the rows: each is a sum of four
//           rows of the map at that column, of which the next one mostly shares all
//   merge   the best of two threads, until one is left

#ifndef ROIOPS_HEATMAPS_TO_KEYPOINTS_CUDA_BLOCK_H_
#define ROIOPS_HEATMAPS_TO_KEYPOINTS_CUDA_BLOCK_H_

#include <cmath>

#include "cuda/block.h"
#include "cuda/numbers.h"
#include "heatmaps_to_keypoints/axis.h"
#include "heatmaps_to_keypoints/cuda/request.h"

namespace roiops {

// A pixel of the upsampled map.
template <class Acc>
struct PeakSoFar {
  Acc value;
  int32_t row;  // -1: none
  int32_t column;
};

// A side of a box, and how many pixels it is upsampled to.
template <class Acc>
struct KeypointSpan {
  Acc low;
  Acc side;
  int32_t upsampled;  // 0: the box has no keypoints
};

template <class Acc>
struct KeypointMemory {
  KeypointSpan<Acc> x;
  KeypointSpan<Acc> y;
  CubicTaps<Acc> rows[kBlockThreads];
  PeakSoFar<Acc> best[kBlockThreads];
  double sums[kBlockThreads];
};

template <class Stored, class Block>
class PeakSearch {
 public:
  using Acc = typename ComputeType<Stored>::Type;

  ROIOPS_HOST_DEVICE PeakSearch(const CudaKeypointRequest& request, KeypointMemory<Acc>& memory,
                                const Block& block)
      : request_(request), memory_(memory), block_(block) {}

  ROIOPS_HOST_DEVICE void Run(int64_t item) const {
    block_.Step([&](int thread) {
      memory_.best[thread] = {-Acc(INFINITY), -1, -1};
      if (thread == 0) ReadBox(item / request_.keypoints);
    });
    const int columns = memory_.x.upsampled;
    const int rows = memory_.y.upsampled;
    if (columns == 0 || rows == 0) {
      block_.Step([&](int thread) {
        if (thread == 0) Write(item, 0, 0, 0, 0);
      });
      return;
    }
    const Stored* map = static_cast<const Stored*>(request_.maps) + item * request_.height * request_.width;
    for (int first = 0; first < rows; first += block_.Threads()) {
      const int count = rows - first < block_.Threads() ? rows - first : block_.Threads();
      block_.Step([&](int thread) {
        if (thread < count) memory_.rows[thread] = CubicTapsOf<Acc>(request_.height, rows, first + thread);
      });
      block_.Step([&](int thread) { Search(thread, map, columns, first, count); });
    }
    Merge([&](int a, int b) {
      if (Precedes(memory_.best[b], memory_.best[a])) memory_.best[a] = memory_.best[b];
    });
    if (request_.convention == KeypointConvention::kDetectron2) {
      block_.Step([&](int thread) { memory_.sums[thread] = SumExponentials(thread, map); });
      Merge([&](int a, int b) { memory_.sums[a] += memory_.sums[b]; });
    }
    block_.Step([&](int thread) {
      if (thread == 0) WritePeak(item);
    });
  }

 private:
  ROIOPS_HOST_DEVICE static bool IsNan(Acc value) { return value != value; }

  ROIOPS_HOST_DEVICE void ReadBox(int64_t k) const {
    memory_.x = SpanOf(Coordinate(4 * k), Coordinate(4 * k + 2));
    memory_.y = SpanOf(Coordinate(4 * k + 1), Coordinate(4 * k + 3));
  }

  ROIOPS_HOST_DEVICE Acc Coordinate(int64_t at) const {
    return BoxCoordinate<Stored>(request_.boxes, request_.float_boxes, at);
  }

  ROIOPS_HOST_DEVICE static KeypointSpan<Acc> SpanOf(Acc low, Acc high) {
    const Acc side = KeypointSide(low, high);
    const bool usable = IsFinite(low) && IsFinite(high) && side <= Acc(kMaxKeypointSide);
    return {low, side, usable ? int32_t(ceil(side)) : 0};
  }

  // Whether a is the peak rather than b: NaN is largest, and of equal ones the first counts.
  ROIOPS_HOST_DEVICE static bool Precedes(const PeakSoFar<Acc>& a, const PeakSoFar<Acc>& b) {
    if (a.row < 0 || b.row < 0) return b.row < 0 && a.row >= 0;
    if (IsNan(a.value) != IsNan(b.value)) return IsNan(a.value);
    if (a.value > b.value || a.value < b.value) return a.value > b.value;
    return a.row < b.row || (a.row == b.row && a.column < b.column);
  }

  // Where there are more threads than columns, they share the rows.
  ROIOPS_HOST_DEVICE void Search(int thread, const Stored* map, int columns, int first, int rows) const {
    const int threads = block_.Threads();
    const int shares = columns < threads ? threads / columns : 1;
    const int share = columns < threads ? thread / columns : 0;
    if (share >= shares) return;
    const int begin = rows * share / shares;
    const int end = rows * (share + 1) / shares;
    if (begin == end) return;
    PeakSoFar<Acc> best = memory_.best[thread];
    for (int column = columns < threads ? thread % columns : thread; column < columns; column += threads)
      SearchColumn(map, columns, column, first, begin, end, &best);
    memory_.best[thread] = best;
  }

  ROIOPS_HOST_DEVICE void SearchColumn(const Stored* map, int columns, int column, int first, int begin,
                                       int end, PeakSoFar<Acc>* best) const {
    const CubicTaps<Acc> taps = CubicTapsOf<Acc>(request_.width, columns, column);
    int64_t at[4];
    for (int tap = 0; tap < 4; ++tap) at[tap] = Inside(taps.base + tap - 1, request_.width);
    const auto across = [&](int64_t row) {
      const Stored* from = map + Inside(row, request_.height) * request_.width;
      Acc sum = ToFloat(from[at[0]]) * taps.weights[0];
      for (int tap = 1; tap < 4; ++tap) sum += ToFloat(from[at[tap]]) * taps.weights[tap];
      return sum;
    };
    Acc kept[4];
    int64_t base = memory_.rows[begin].base;
    for (int tap = 0; tap < 4; ++tap) kept[tap] = across(base + tap - 1);
    for (int row = begin; row < end; ++row) {
      const CubicTaps<Acc>& weights = memory_.rows[row];
      for (; base < weights.base; ++base) {
        for (int tap = 0; tap < 3; ++tap) kept[tap] = kept[tap + 1];
        kept[3] = across(base + 3);
      }
      Acc value = kept[0] * weights.weights[0];
      for (int tap = 1; tap < 4; ++tap) value += kept[tap] * weights.weights[tap];
      const PeakSoFar<Acc> found = {value, first + row, column};
      if (Precedes(found, *best)) *best = found;
    }
  }

  ROIOPS_HOST_DEVICE static int64_t Inside(int64_t pixel, int64_t size) {
    return pixel < 0 ? 0 : (pixel < size ? pixel : size - 1);
  }

  // A thread's share of the softmax's denominator.
  ROIOPS_HOST_DEVICE double SumExponentials(int thread, const Stored* map) const {
    double sum = 0;
    for (int64_t i = thread; i < request_.height * request_.width; i += block_.Threads())
      sum += double(exp(ToFloat(map[i]) - memory_.best[0].value));
    return sum;
  }

  // combine(a, b) adds what thread b has to what thread a has, until thread 0 has all.
  template <class Combine>
  ROIOPS_HOST_DEVICE void Merge(const Combine& combine) const {
    for (int count = block_.Threads(); count > 1; count = (count + 1) / 2) {
      const int half = (count + 1) / 2;
      block_.Step([&](int thread) {
        if (thread + half < count) combine(thread, thread + half);
      });
    }
  }

  ROIOPS_HOST_DEVICE static Acc PlaceOf(const KeypointSpan<Acc>& span, int pixel) {
    return RoundedProduct(Acc(pixel) + Acc(0.5), span.side / Acc(span.upsampled)) + span.low;
  }

  ROIOPS_HOST_DEVICE void WritePeak(int64_t item) const {
    const PeakSoFar<Acc> peak = memory_.best[0];
    const Acc x = PlaceOf(memory_.x, peak.column);
    const Acc y = PlaceOf(memory_.y, peak.row);
    if (request_.convention == KeypointConvention::kTorchvision) {
      Write(item, x, y, 1, peak.value);
    } else {
      Write(item, x, y, peak.value, Acc(1 / memory_.sums[0]));
    }
  }

  ROIOPS_HOST_DEVICE void Write(int64_t item, Acc x, Acc y, Acc third, Acc score) const {
    const bool detectron2 = request_.convention == KeypointConvention::kDetectron2;
    const int64_t at = (detectron2 ? 4 : 3) * item;
    Store(x, request_.points, at);
    Store(y, request_.points, at + 1);
    Store(third, request_.points, at + 2);
    if (detectron2) Store(score, request_.points, at + 3);
    Store(score, request_.scores, item);
  }

  ROIOPS_HOST_DEVICE void Store(Acc value, void* to, int64_t at) const {
    if (request_.float_boxes) {
      static_cast<float*>(to)[at] = float(value);
    } else {
      static_cast<Stored*>(to)[at] = Narrow<Stored, Acc>::From(value);
    }
  }

  const CudaKeypointRequest& request_;
  KeypointMemory<Acc>& memory_;
  const Block& block_;
};

}  // namespace roiops

#endif  // ROIOPS_HEATMAPS_TO_KEYPOINTS_CUDA_BLOCK_H_
