// Checks of the shapes of a node's inputs.

#ifndef ROIOPS_MMDEPLOY_INPUTS_H_
#define ROIOPS_MMDEPLOY_INPUTS_H_

#include <cstdint>
#include <vector>

#include "mmdeploy/sampling/taps.h"
#include "ort/api.h"

namespace roiops::mmdeploy {

constexpr int64_t kAny = -1;

// Throws Error unless the tensor has these extents, of which kAny may be any; `wanted` says so in words.
template <class... Parts>
void CheckShape(const ort::Tensor& tensor, const char* input, const std::vector<int64_t>& extents,
                const Parts&... wanted) {
  bool good = tensor.shape.size() == extents.size();
  for (size_t i = 0; good && i < extents.size(); ++i) {
    good = extents[i] == kAny || tensor.shape[i] == extents[i];
  }
  if (!good) Fail("input '", input, "' has shape ", ort::ToString(tensor.shape), "; it must be ", wanted...);
}

// The pixels of a feature map (N, C, H, W); throws Error unless it is one, with pixels that 32 bits can
// count.
inline PixelGrid CheckedPixels(const ort::Tensor& tensor, const char* input) {
  CheckShape(tensor, input, {kAny, kAny, kAny, kAny}, "(images, channels, height, width)");
  const int64_t height = tensor.shape[2], width = tensor.shape[3];
  if (height < 1 || width < 1 || height > INT32_MAX / width) {
    Fail("input '", input, "' has shape ", ort::ToString(tensor.shape),
         "; it must have at least one pixel and fewer than 2^31");
  }
  return {height, width};
}

// The number of elements. Throws Error if a dense tensor of this shape has 2^63 bytes or more.
inline int64_t CheckedCount(const std::vector<int64_t>& shape, const char* what) {
  int64_t bytes = sizeof(double);
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(bytes, extent, &bytes)) {
      Fail(what, " would have shape ", ort::ToString(shape), "; it must have fewer than 2^60 elements");
    }
  }
  return bytes / int64_t(sizeof(double));
}

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_INPUTS_H_
