// Where a box is: its image and its map, from what the inputs say.

#ifndef ROIOPS_CUDA_BOX_LOCATOR_H_
#define ROIOPS_CUDA_BOX_LOCATOR_H_

#include <cmath>

#include "cuda/numbers.h"
#include "cuda/roi_inputs.h"

namespace roiops {

template <class Acc>
struct LocatedBox {
  int32_t level;
  int64_t image;  // -1: the box is not located and gets zeros
  Acc x1, y1, x2, y2;
};

template <class Stored>
struct BoxLocator {
  using Acc = typename ComputeType<Stored>::Type;

  const RoiInputs& request;
  int threads;

  // The boxes of a thread's share of the images; -1 if a count is negative or beyond the number of boxes.
  ROIOPS_DEVICE_CALL int64_t SumCounts(int thread) const {
    const int64_t share = Share();
    int64_t sum = 0;
    for (int64_t n = thread * share; n < (thread + 1) * share && n < request.images; ++n) {
      const int64_t count = Batch(n);
      if (count < 0 || count > request.count - sum) return -1;
      sum += count;
    }
    return sum;
  }

  // `counts` has the threads' sums if the batch is given as counts.
  ROIOPS_DEVICE_CALL LocatedBox<Acc> Locate(int64_t box, const int64_t* counts) const {
    const int64_t level = request.levels ? request.levels[box] : 0;
    const int64_t first = request.batch_in_boxes ? 5 * box + 1 : 4 * box;
    const auto coordinate = [&](int i) { return Coordinate(first + i); };
    LocatedBox<Acc> located = {int32_t(level), -1,           coordinate(0), coordinate(1),
                               coordinate(2),  coordinate(3)};
    const int64_t image = request.batch_is_counts  ? ImageOfCounts(box, counts)
                          : request.batch_in_boxes ? ImageInRow(box)
                                                   : Batch(box);
    const bool finite =
        IsFinite(located.x1) && IsFinite(located.y1) && IsFinite(located.x2) && IsFinite(located.y2);
    if (!finite || image < 0 || image >= request.images || level < 0 || level >= request.map_count)
      return located;
    const CudaMap& map = request.maps[level];
    if (map.height > 0 && map.width > 0) located.image = image;
    return located;
  }

  // -1 if it is no image.
  ROIOPS_HOST_DEVICE int64_t ImageInRow(int64_t box) const {
    const Acc image = Coordinate(5 * box);
    return image >= 0 && image < Acc(request.images) && image == floor(image) ? int64_t(image) : -1;
  }

 private:
  ROIOPS_HOST_DEVICE int64_t Share() const { return (request.images + threads - 1) / threads; }

  ROIOPS_HOST_DEVICE int64_t Batch(int64_t i) const {
    return request.wide_batch ? static_cast<const int64_t*>(request.batch)[i]
                              : static_cast<const int32_t*>(request.batch)[i];
  }

  // -1 if the counts are not the numbers of boxes of the images.
  ROIOPS_HOST_DEVICE int64_t ImageOfCounts(int64_t box, const int64_t* counts) const {
    const int64_t share = Share();
    int64_t image = -1;
    int64_t before = 0;
    for (int64_t thread = 0; thread * share < request.images; ++thread) {
      const int64_t sum = counts[thread];
      if (sum < 0 || sum > request.count - before) return -1;
      if (box >= before && box < before + sum) {
        image = thread * share;
        for (int64_t end = before + Batch(image); end <= box; end += Batch(image)) ++image;
      }
      before += sum;
    }
    return before == request.count ? image : -1;
  }

  ROIOPS_HOST_DEVICE Acc Coordinate(int64_t at) const {
    return BoxCoordinate<Stored>(request.boxes, request.float_boxes, at);
  }
};

}  // namespace roiops

#endif  // ROIOPS_CUDA_BOX_LOCATOR_H_
