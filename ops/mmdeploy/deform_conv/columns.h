// What a deformable convolution multiplies its weights with: for each output pixel the values under the
// kernel's taps, wherever the offsets have moved these to.

#ifndef ROIOPS_MMDEPLOY_DEFORM_CONV_COLUMNS_H_
#define ROIOPS_MMDEPLOY_DEFORM_CONV_COLUMNS_H_

#include <cstdint>

#include "base/parallel.h"
#include "mmdeploy/sampling/taps.h"

namespace roiops::mmdeploy {

// Along one axis.
struct ConvAxis {
  int64_t stride;
  int64_t padding;
  int64_t dilation;
  int64_t kernel;

  // The extent of the output, not positive where the kernel does not fit.
  int64_t Output(int64_t extent) const {
    const int64_t room = extent + 2 * padding - dilation * (kernel - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
  }
  int64_t Position(int64_t output, int64_t tap) const { return output * stride - padding + tap * dilation; }
};

struct DeformShape {
  PixelGrid pixels;
  int64_t channels;
  int64_t output_height;
  int64_t output_width;
  ConvAxis rows;
  ConvAxis columns;
  int64_t groups;         // of channels that are convolved together
  int64_t deform_groups;  // of channels that move together

  int64_t Taps() const { return rows.kernel * columns.kernel; }
  int64_t GroupChannels() const { return channels / groups; }
  int64_t OutputPixels() const { return output_height * output_width; }
};

// One image.
struct DeformImage {
  const float* rows;     // (pixels, channels)
  const float* offsets;  // (deform_groups, taps, 2, output pixels): dy, then dx
  const float* masks;    // (deform_groups, taps, output pixels), or null: all are 1
};

// Output pixels [first, first + count) to columns (groups, count, taps, channels of a group).
void FillColumns(const DeformImage& image, const DeformShape& shape, int64_t first, int64_t count,
                 float* columns, const ParallelFor& parallel_for);

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_DEFORM_CONV_COLUMNS_H_
