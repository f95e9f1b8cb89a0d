// Checks of the shapes of a node's inputs and output, and where its boxes are.

#ifndef ROIOPS_ROI_INPUTS_H_
#define ROIOPS_ROI_INPUTS_H_

#include <optional>
#include <vector>

#include "ort/api.h"
#include "roi/box_checks.h"
#include "roi/feature_map.h"

namespace roiops {

// Throws Error unless `tensor` is (N, C, H, W) with extents the kernels can index.
FeatureMap CheckedMap(const ort::Tensor& tensor, const char* input, float spatial_scale);

// The number of boxes; throws Error unless `tensor` is (K, coordinates).
int64_t CheckedBoxCount(const ort::Tensor& tensor, const char* input, int64_t coordinates = 4);

// Throws Error unless `tensor` is a vector of `length` elements.
void CheckVector(const ort::Tensor& tensor, const char* input, int64_t length, const char* meaning);

// The shape of Y; throws Error if its size in bytes does not fit 63 bits.
std::vector<int64_t> CheckedOutputShape(int64_t boxes, int64_t channels, OutputSize size,
                                        size_t element_size);

template <class Batch>
std::vector<int64_t> ImagesOfBoxes(const ort::Tensor& batch, const char* input, bool is_counts,
                                   int64_t images, int64_t boxes) {
  if (is_counts) {
    CheckVector(batch, input, images, "number of images");
    return ImagesFromCounts(batch.As<Batch>(), images, boxes, input);
  }
  CheckVector(batch, input, boxes, "number of boxes");
  return CheckedIndices(batch.As<Batch>(), boxes, images, input, "images");
}

// The inputs that tell where boxes are.
struct BoxInputs {
  ort::Tensor boxes;
  const char* boxes_name;
  ort::Tensor batch;
  const char* batch_name;
  bool batch_is_counts;
  std::optional<ort::Tensor> levels;  // without it, all boxes are on the first map
};

}  // namespace roiops

#endif  // ROIOPS_ROI_INPUTS_H_
