#include "roi/inputs.h"

#include <initializer_list>

namespace roiops {
namespace {

// True if the product of the factors, in their order, does not fit 63 bits. An extent of 0 hides no overflow
// before it.
bool Overflows(std::initializer_list<int64_t> factors) {
  int64_t product = 1;
  for (const int64_t factor : factors) {
    if (__builtin_mul_overflow(product, factor, &product)) return true;
  }
  return false;
}

}  // namespace

FeatureMap CheckedMap(const ort::Tensor& tensor, const char* input, float spatial_scale) {
  const std::vector<int64_t>& shape = tensor.shape;
  if (shape.size() != 4) {
    Fail("input '", input, "' has shape ", ort::ToString(shape), "; it must have 4 dimensions (N, C, H, W)");
  }
  if (shape[2] > INT32_MAX || shape[3] > INT32_MAX) {
    Fail("input '", input, "' has shape ", ort::ToString(shape), "; height and width must be below 2^31");
  }
  // Only a map without elements can be that large; its offsets are computed all the same.
  if (Overflows({shape[0], shape[1], shape[2], shape[3]})) {
    Fail("input '", input, "' has shape ", ort::ToString(shape), "; it must have fewer than 2^63 elements");
  }
  return {tensor.data, shape[0], shape[1], shape[2], shape[3], spatial_scale};
}

int64_t CheckedBoxCount(const ort::Tensor& tensor, const char* input, int64_t coordinates) {
  if (tensor.shape.size() != 2 || tensor.shape[1] != coordinates) {
    Fail("input '", input, "' has shape ", ort::ToString(tensor.shape), "; it must be (number of boxes, ",
         coordinates, ")");
  }
  return tensor.shape[0];
}

void CheckVector(const ort::Tensor& tensor, const char* input, int64_t length, const char* meaning) {
  if (tensor.shape.size() != 1 || tensor.shape[0] != length) {
    Fail("input '", input, "' has shape ", ort::ToString(tensor.shape), "; it must be (", length, "), the ",
         meaning);
  }
}

std::vector<int64_t> CheckedOutputShape(int64_t boxes, int64_t channels, OutputSize size,
                                        size_t element_size) {
  const std::vector<int64_t> shape = {boxes, channels, size.height, size.width};
  if (Overflows({size.height, size.width, channels, boxes, int64_t(element_size)})) {
    Fail("output 0 would have shape ", ort::ToString(shape), "; it must have fewer than 2^63 bytes");
  }
  return shape;
}

}  // namespace roiops
