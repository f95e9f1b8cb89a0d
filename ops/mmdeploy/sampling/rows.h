// A feature map with its channels last.

#ifndef ROIOPS_MMDEPLOY_SAMPLING_ROWS_H_
#define ROIOPS_MMDEPLOY_SAMPLING_ROWS_H_

#include <cstdint>
#include <memory>

#include "base/parallel.h"

namespace roiops::mmdeploy {

// Memory that is not initialised; throws std::bad_alloc.
std::unique_ptr<float[]> Uninitialised(int64_t count);

// Row p of `rows` gets the channels of pixel p of one image: rows[p * channels + c] = planes[c * pixels + p].
void CopyToRows(const float* planes, int64_t channels, int64_t pixels, float* rows,
                const ParallelFor& parallel_for);

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_SAMPLING_ROWS_H_
