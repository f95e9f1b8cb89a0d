// Where a mask lies along one axis of the image: the three conventions and nothing else. Compiles for CUDA
// devices too.

#ifndef ROIOPS_PASTE_MASKS_AXIS_H_
#define ROIOPS_PASTE_MASKS_AXIS_H_

#include <stdint.h>

#include "axis/sampling.h"

namespace roiops {

enum class PasteConvention { kTorchvision, kDetectron2, kMmdetection };

// Pixel p of [begin, end) lies at PastePosition(axis, p) = t + w of the mask's axis: it is 1 - w of its pixel
// t and w of its pixel t + 1, where pixels outside the mask are 0. All other pixels of the image are 0.
struct PasteAxis {
  int64_t begin = 0;
  int64_t end = 0;
  double low = 0;    // where the mask begins in the image
  double scale = 0;  // mask pixels per image pixel
  double shift = 0;
  int64_t size = 0;        // of the mask
  bool undefined = false;  // a box of no size whose pixels have no value
};

struct PasteAxes {
  PasteAxis rows;
  PasteAxis columns;
};

namespace {

ROIOPS_HOST_DEVICE inline double UnboundedPosition(const PasteAxis& axis, int64_t p) {
  return (double(p) + 0.5 - axis.low) * axis.scale - axis.shift;
}

// In [-1, size].
ROIOPS_HOST_DEVICE inline double PastePosition(const PasteAxis& axis, int64_t p) {
  const double position = UnboundedPosition(axis, p);
  return position > -1 ? (position < double(axis.size) ? position : double(axis.size)) : -1;
}

// A coordinate, no number included, as a pixel's index in [0, extent].
ROIOPS_HOST_DEVICE inline int64_t PixelWithin(double coordinate, int64_t extent) {
  return coordinate > 0 ? (coordinate < double(extent) ? int64_t(coordinate) : extent) : 0;
}

// The number without its fraction, within the range of int64.
ROIOPS_HOST_DEVICE inline double Truncated(double value) {
  if (!(value > -0x1p63)) return -0x1p63;
  if (value > 0x1p63) return 0x1p63;
  return value > -0x1p52 && value < 0x1p52 ? double(int64_t(value)) : value;
}

// torchvision: the mask is padded by one pixel of zeros on each side and the box grown by `growth`, both
// sides truncated to integers. Taken in the arithmetic A of the box, as one rounding moves a side by a pixel.
template <class A>
ROIOPS_HOST_DEVICE inline PasteAxis PasteAxisOfPixels(A low, A high, A growth, int64_t size, int64_t extent) {
  const A half = RoundedProduct((high - low) * A(0.5), growth);
  const A centre = RoundedProduct(high + low, A(0.5));
  const double first = Truncated(double(centre - half));
  const double last = Truncated(double(centre + half));
  PasteAxis axis;
  axis.begin = PixelWithin(first, extent);
  axis.end = PixelWithin(last + 1, extent);
  if (axis.end < axis.begin) axis.end = axis.begin;
  axis.low = first;
  axis.scale = double(size + 2) / (last >= first ? last - first + 1 : 1);
  axis.shift = 1.5;
  axis.size = size;
  return axis;
}

// Detectron2 and mmdetection: the mask fills the box and is sampled at the centres of the image's pixels.
ROIOPS_HOST_DEVICE inline PasteAxis PasteAxisOfGrid(double low, double high, bool undefined_if_empty,
                                                    int64_t size, int64_t extent) {
  PasteAxis axis;
  const double length = high - low;
  if (length == 0) {
    axis.undefined = undefined_if_empty;
    return axis;
  }
  axis.low = low;
  axis.scale = double(size) / length;
  axis.shift = 0.5;
  axis.size = size;
  // Positions from -1 on and below `size` see a pixel of the mask; found in the image up to rounding.
  const double margin = (length < 0 ? -length : length) / double(size) * 0.5 + 2;
  axis.begin = PixelWithin((length < 0 ? high : low) - margin, extent);
  axis.end = PixelWithin((length < 0 ? low : high) + margin, extent);
  const auto inside = [&axis](int64_t p) {
    const double position = UnboundedPosition(axis, p);
    return position >= -1 && position < double(axis.size);
  };
  while (axis.begin < axis.end && !inside(axis.begin)) ++axis.begin;
  while (axis.begin < axis.end && !inside(axis.end - 1)) --axis.end;
  return axis;
}

// Of a mask of height x width in the image of image_height x image_width; `box` is x1, y1, x2, y2.
template <class A>
ROIOPS_HOST_DEVICE inline PasteAxes PasteAxesOf(PasteConvention convention, const A* box, int64_t height,
                                                int64_t width, int64_t image_height, int64_t image_width) {
  if (convention == PasteConvention::kTorchvision) {
    const A growth = A(double(width + 2) / double(width));
    return {PasteAxisOfPixels(box[1], box[3], growth, height, image_height),
            PasteAxisOfPixels(box[0], box[2], growth, width, image_width)};
  }
  const bool undefined = convention == PasteConvention::kMmdetection;
  return {PasteAxisOfGrid(double(box[1]), double(box[3]), undefined, height, image_height),
          PasteAxisOfGrid(double(box[0]), double(box[2]), undefined, width, image_width)};
}

}  // namespace
}  // namespace roiops

#endif  // ROIOPS_PASTE_MASKS_AXIS_H_
