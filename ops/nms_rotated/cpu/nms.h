// Non-maximum suppression of rotated boxes, on the CPU. Knows nothing of ONNX Runtime.

#ifndef ROIOPS_NMS_ROTATED_CPU_NMS_H_
#define ROIOPS_NMS_ROTATED_CPU_NMS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/parallel.h"
#include "rotated/box.h"

namespace roiops {

enum class IouKind { kPolygon, kGaussian };

struct NmsOptions {
  AngleRule angle;
  IouKind iou;
  double iou_threshold;                   // in [0, 1]
  bool inclusive;                         // boxes overlap at the threshold itself
  bool fast;                              // suppressed boxes suppress, too
  std::optional<double> score_threshold;  // scores must be greater
  int64_t most_per_class;                 // <= 0: no limit
};

template <class T>
struct NmsRequest {
  const T* boxes;   // (images, boxes_per_image, 5)
  const T* scores;  // (images, classes, boxes_per_image)
  int64_t images;
  int64_t classes;
  int64_t boxes_per_image;  // below 2^31
};

struct KeptBox {
  int64_t image;
  int64_t class_index;
  int64_t box;
};

// The kept boxes by image, class and descending score, of equal scores the lower index first. Boxes that are
// not finite are kept and suppress nothing. Throws std::bad_alloc.
template <class T>
std::vector<KeptBox> NmsRotated(const NmsRequest<T>& request, const NmsOptions& options,
                                const ParallelFor& parallel_for);

}  // namespace roiops

#endif  // ROIOPS_NMS_ROTATED_CPU_NMS_H_
