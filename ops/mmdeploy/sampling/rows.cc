#include "mmdeploy/sampling/rows.h"

#include <algorithm>

#include "base/isa.h"
#include "mmdeploy/sampling/kernel.h"

namespace roiops::mmdeploy {

std::unique_ptr<float[]> Uninitialised(int64_t count) {
  return std::unique_ptr<float[]>(new float[size_t(count)]);
}

void CopyToRows(const float* planes, int64_t channels, int64_t pixels, float* rows,
                const ParallelFor& parallel_for) {
  constexpr int64_t kPixels = 256;  // at a time: what is written then stays in the cache until it is whole
  const SamplingKernels& kernels = ActiveKernels<SamplingKernels>();
  RunWorkItems(parallel_for, (pixels + kPixels - 1) / kPixels, [&](int64_t item) {
    const int64_t first = item * kPixels;
    kernels.transpose(planes + first, pixels, channels, std::min(kPixels, pixels - first),
                      rows + first * channels, channels);
  });
}

}  // namespace roiops::mmdeploy
