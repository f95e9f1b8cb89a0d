#include "roi_align/compute.h"

namespace roiops {
namespace {

// a * b, or an Error that calls the product `what`.
int64_t CheckedProduct(int64_t a, int64_t b, const char* what) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product)) Fail(what, " is too large: more than 2^63 bytes");
  return product;
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
  return {tensor.data, shape[0], shape[1], shape[2], shape[3], spatial_scale};
}

int64_t CheckedBoxCount(const ort::Tensor& tensor, const char* input) {
  if (tensor.shape.size() != 2 || tensor.shape[1] != 4) {
    Fail("input '", input, "' has shape ", ort::ToString(tensor.shape), "; it must be (number of boxes, 4)");
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
  int64_t bytes = CheckedProduct(size.height, size.width, "the output");
  bytes = CheckedProduct(bytes, channels, "the output");
  bytes = CheckedProduct(bytes, boxes, "the output");
  CheckedProduct(bytes, int64_t(element_size), "the output");
  return {boxes, channels, size.height, size.width};
}

ParallelFor SessionThreads(const ort::KernelContext& context) {
  return [raw = context.get()](int64_t count, const std::function<void(int64_t)>& task) {
    const auto run = [](void* task_pointer, size_t i) {
      (*static_cast<const std::function<void(int64_t)>*>(task_pointer))(int64_t(i));
    };
    void* task_pointer = const_cast<std::function<void(int64_t)>*>(&task);
    ort::Check(ort::Api().KernelContext_ParallelFor(raw, run, size_t(count), 0, task_pointer));
  };
}

}  // namespace roiops
