#include "mmdeploy/deform_conv/columns.h"

#include <algorithm>

#include "base/isa.h"

namespace roiops::mmdeploy {
namespace {

// The taps of a deform group for some output pixels: for each pixel those of each tap of the kernel.
void ListTaps(const DeformImage& image, const DeformShape& shape, int64_t deform_group, int64_t first,
              int64_t count, TapList& list) {
  const int64_t pixels = shape.OutputPixels(), taps = shape.Taps();
  const float* const offsets = image.offsets + deform_group * taps * 2 * pixels;
  const float* const masks = image.masks ? image.masks + deform_group * taps * pixels : nullptr;
  for (int64_t pixel = first; pixel < first + count; ++pixel) {
    const int64_t y = pixel / shape.output_width, x = pixel % shape.output_width;
    for (int64_t tap = 0; tap < taps; ++tap) {
      const double dy = offsets[2 * tap * pixels + pixel], dx = offsets[(2 * tap + 1) * pixels + pixel];
      AddBilinear(list, shape.pixels, double(shape.rows.Position(y, tap / shape.columns.kernel)) + dy,
                  double(shape.columns.Position(x, tap % shape.columns.kernel)) + dx,
                  masks ? double(masks[tap * pixels + pixel]) : 1);
      list.EndOutput();
    }
  }
}

}  // namespace

void FillColumns(const DeformImage& image, const DeformShape& shape, int64_t first, int64_t count,
                 float* columns, const ParallelFor& parallel_for) {
  constexpr int64_t kPixelsPerItem = 32;
  const SamplingKernels& kernels = ActiveKernels<SamplingKernels>();
  const int64_t group_channels = shape.GroupChannels(), row = shape.Taps() * group_channels;
  const int64_t moving_channels = shape.channels / shape.deform_groups;
  RunWorkItems(parallel_for, (count + kPixelsPerItem - 1) / kPixelsPerItem, [&](int64_t item) {
    const int64_t from = item * kPixelsPerItem, pixels = std::min(kPixelsPerItem, count - from);
    TapList list;
    for (int64_t deform_group = 0; deform_group < shape.deform_groups; ++deform_group) {
      list.Clear();
      ListTaps(image, shape, deform_group, first + from, pixels, list);
      // Channels that both move and are convolved together.
      const int64_t end = (deform_group + 1) * moving_channels;
      for (int64_t channel = deform_group * moving_channels; channel < end;) {
        const int64_t group = channel / group_channels;
        const int64_t next = std::min(end, (group + 1) * group_channels);
        float* const to = columns + (group * count + from) * row + channel % group_channels;
        kernels.sum_rows(list.Sums(), image.rows + channel, shape.channels, next - channel, to,
                         group_channels);
        channel = next;
      }
    }
  });
}

}  // namespace roiops::mmdeploy
