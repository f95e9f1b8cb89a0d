#include "mmdeploy/deform_conv/convolve.h"

#include <algorithm>

#include "base/isa.h"
#include "mmdeploy/sampling/rows.h"
#include "ort/threads.h"

namespace roiops::mmdeploy {
namespace {

// Columns that stay in a cache until they are multiplied, but enough of them for a product to be fast.
constexpr int64_t kColumnElements = 1 << 21;
constexpr int64_t kLeastPixels = 64;

// (outputs, channels, taps) to (outputs, taps, channels), the order of columns.
std::unique_ptr<float[]> ReorderedWeights(const ConvRequest& request) {
  const int64_t channels = request.shape.GroupChannels(), taps = request.shape.Taps();
  std::unique_ptr<float[]> weights = Uninitialised(request.output_channels * channels * taps);
  const SamplingKernels& kernels = ActiveKernels<SamplingKernels>();
  for (int64_t o = 0; o < request.output_channels; ++o) {
    const int64_t at = o * channels * taps;
    kernels.transpose(request.weight + at, taps, channels, taps, weights.get() + at, channels);
  }
  return weights;
}

}  // namespace

void Convolve(const ort::KernelContext& context, const ort::Gemm& gemm, const ConvRequest& request) {
  const DeformShape& shape = request.shape;
  const ParallelFor threads = ort::SessionThreads(context);
  const int64_t pixels = shape.pixels.height * shape.pixels.width, output_pixels = shape.OutputPixels();
  const int64_t depth = shape.Taps() * shape.GroupChannels();
  const int64_t group_outputs = request.output_channels / shape.groups;
  const int64_t block =
      std::min(output_pixels, std::max(kLeastPixels, kColumnElements / (depth * shape.groups)));
  const std::unique_ptr<float[]> weights = ReorderedWeights(request);
  const std::unique_ptr<float[]> rows = Uninitialised(pixels * shape.channels);
  const std::unique_ptr<float[]> columns = Uninitialised(block * depth * shape.groups);
  const std::unique_ptr<float[]> products = Uninitialised(block * group_outputs);
  for (int64_t n = 0; n < request.images; ++n) {
    CopyToRows(request.x + n * shape.channels * pixels, shape.channels, pixels, rows.get(), threads);
    const int64_t masks = shape.deform_groups * shape.Taps() * output_pixels;
    const DeformImage image = {rows.get(), request.offset + n * 2 * masks,
                               request.mask ? request.mask + n * masks : nullptr};
    for (int64_t first = 0; first < output_pixels; first += block) {
      const int64_t count = std::min(block, output_pixels - first);
      FillColumns(image, shape, first, count, columns.get(), threads);
      for (int64_t group = 0; group < shape.groups; ++group) {
        gemm.Multiply(context,
                      {weights.get() + group * group_outputs * depth, columns.get() + group * count * depth,
                       products.get(), group_outputs, count, depth});
        for (int64_t o = 0; o < group_outputs; ++o) {
          const int64_t channel = group * group_outputs + o;
          const float bias = request.bias ? request.bias[channel] : 0;
          const float* const from = products.get() + o * count;
          float* const to = request.output + (n * request.output_channels + channel) * output_pixels + first;
          for (int64_t i = 0; i < count; ++i) to[i] = from[i] + bias;
        }
      }
    }
  }
}

}  // namespace roiops::mmdeploy
