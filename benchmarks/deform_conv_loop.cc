// A modulated deformable convolution as libraries of operators usually do it: columns one element at a time,
// then a plain product. One group, in float32; compiled with -O3 by benchmarks/mmdeploy.py.

#include <cmath>
#include <cstdint>
#include <vector>

namespace {

float At(const float* plane, int64_t height, int64_t width, float y, float x) {
  if (y <= -1 || y >= float(height) || x <= -1 || x >= float(width)) return 0;
  const int64_t top = int64_t(std::floor(y)), left = int64_t(std::floor(x));
  const float dy = y - float(top), dx = x - float(left);
  const auto pixel = [&](int64_t row, int64_t column) {
    return row >= 0 && row < height && column >= 0 && column < width ? plane[row * width + column] : 0.0f;
  };
  return (1 - dy) * ((1 - dx) * pixel(top, left) + dx * pixel(top, left + 1)) +
         dy * ((1 - dx) * pixel(top + 1, left) + dx * pixel(top + 1, left + 1));
}

}  // namespace

// Stride 1 and padding (kernel - 1) / 2, so that the output is as large as x.
extern "C" void DeformConvLoop(const float* x, const float* offset, const float* mask, const float* weight,
                               const float* bias, int64_t channels, int64_t height, int64_t width,
                               int64_t outputs, int64_t kernel, float* y) {
  const int64_t pixels = height * width, taps = kernel * kernel, depth = channels * taps;
  std::vector<float> columns(static_cast<size_t>(depth * pixels));
  float* column = columns.data();
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t p = 0; p < pixels; ++p) {
        const float row = float(p / width + tap / kernel - (kernel - 1) / 2) + offset[2 * tap * pixels + p];
        const float at =
            float(p % width + tap % kernel - (kernel - 1) / 2) + offset[(2 * tap + 1) * pixels + p];
        *column++ = mask[tap * pixels + p] * At(x + c * pixels, height, width, row, at);
      }
    }
  }
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t p = 0; p < pixels; ++p) y[o * pixels + p] = bias[o];
    for (int64_t k = 0; k < depth; ++k) {
      const float w = weight[o * depth + k];
      for (int64_t p = 0; p < pixels; ++p) y[o * pixels + p] += w * columns[size_t(k * pixels + p)];
    }
  }
}
