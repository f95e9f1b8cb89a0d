// The largest pixel of every bin, on the CPU.

#ifndef ROIOPS_ROI_POOL_CPU_POOL_H_
#define ROIOPS_ROI_POOL_CPU_POOL_H_

#include <limits>
#include <vector>

#include "base/half.h"
#include "base/parallel.h"
#include "roi/feature_map.h"
#include "roi_pool/bins.h"

namespace roiops {

// Boxes to pool, their images checked; `y` is (boxes, channels, height, width).
template <class Stored, class BoxType>
struct RoiPoolRequest {
  FeatureMap map;
  const BoxType* boxes;
  int64_t count;
  const int64_t* images;
  OutputSize output;
  Stored* y;
};

inline void Store(float value, float* to) { *to = value; }
inline void Store(double value, double* to) { *to = value; }
inline void Store(float value, Half* to) { *to = ToHalf(value); }
inline void Store(float value, BFloat16* to) { *to = ToBFloat16(value); }

// Some channels of one box: first the largest pixel of every column of a row of bins, then of its bins.
template <class Stored, class BoxType>
class BoxPooler {
 public:
  using Real = typename ComputeType<Stored>::Type;

  BoxPooler(const RoiPoolRequest<Stored, BoxType>& request, int64_t box) : request_(request), box_(box) {
    const FeatureMap& map = request.map;
    const BoxType* corners = request.boxes + 4 * box;
    Plan(corners[0], corners[2], map.width, request.output.width, &columns_);
    Plan(corners[1], corners[3], map.height, request.output.height, &rows_);
    // Bins ascend, and so do their ends.
    first_ = columns_.front().begin;
    largest_.resize(size_t(columns_.back().end - first_));
  }

  void PoolChannel(int64_t channel) {
    const auto& [map, boxes, count, images, output, y] = request_;
    const Stored* pixels = static_cast<const Stored*>(map.data) +
                           (images[box_] * map.channels + channel) * map.height * map.width + first_;
    Stored* to = y + (box_ * map.channels + channel) * output.height * output.width;
    for (const PixelRange& rows : rows_) {
      if (rows.begin < rows.end) FindLargest(pixels, rows);
      for (const PixelRange& columns : columns_) {
        const bool empty = rows.begin >= rows.end || columns.begin >= columns.end;
        Store(empty ? Real(0) : Largest(columns), to++);
      }
    }
  }

 private:
  void Plan(BoxType low, BoxType high, int64_t extent, int64_t bins, std::vector<PixelRange>* ranges) {
    const BinsOfPixels<Real> axis(ToFloat(low), ToFloat(high), request_.map.spatial_scale, bins, extent);
    ranges->reserve(size_t(bins));
    for (int64_t bin = 0; bin < bins; ++bin) ranges->push_back(axis[bin]);
  }

  // NaN is the largest of all numbers.
  static Real Larger(Real a, Real b) { return b > a || b != b ? b : a; }

  void FindLargest(const Stored* pixels, const PixelRange& rows) {
    std::fill(largest_.begin(), largest_.end(), -std::numeric_limits<Real>::infinity());
    for (int64_t y = rows.begin; y < rows.end; ++y) {
      const Stored* row = pixels + y * request_.map.width;
      for (size_t x = 0; x < largest_.size(); ++x) largest_[x] = Larger(largest_[x], ToFloat(row[x]));
    }
  }

  Real Largest(const PixelRange& columns) const {
    Real largest = -std::numeric_limits<Real>::infinity();
    for (int64_t x = columns.begin; x < columns.end; ++x) {
      largest = Larger(largest, largest_[size_t(x - first_)]);
    }
    return largest;
  }

  const RoiPoolRequest<Stored, BoxType>& request_;
  const int64_t box_;
  int64_t first_;  // column of the map
  std::vector<PixelRange> columns_, rows_;
  std::vector<Real> largest_;  // of the columns of the map from first_ on, in one row of bins
};

template <class Stored, class BoxType>
void RoiPool(const RoiPoolRequest<Stored, BoxType>& request, const ParallelFor& parallel_for) {
  constexpr int64_t kChannels = 32;  // of a task; enough to pay for planning the box again
  const int64_t blocks = (request.map.channels + kChannels - 1) / kChannels;
  RunTasks(parallel_for, request.count * blocks, [&](int64_t task) {
    BoxPooler<Stored, BoxType> pooler(request, task / blocks);
    const int64_t first = task % blocks * kChannels;
    const int64_t end = std::min(first + kChannels, request.map.channels);
    for (int64_t channel = first; channel < end; ++channel) pooler.PoolChannel(channel);
  });
}

}  // namespace roiops

#endif  // ROIOPS_ROI_POOL_CPU_POOL_H_
