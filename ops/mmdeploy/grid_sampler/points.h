// Where a grid points to and which pixels that is: the rules of torch.nn.functional.grid_sample.

#ifndef ROIOPS_MMDEPLOY_GRID_SAMPLER_POINTS_H_
#define ROIOPS_MMDEPLOY_GRID_SAMPLER_POINTS_H_

#include "mmdeploy/sampling/taps.h"

namespace roiops::mmdeploy {

enum class Interpolation { kBilinear, kNearest, kBicubic };
enum class Padding { kZeros, kBorder, kReflection };

struct GridRule {
  Interpolation interpolation;
  Padding padding;
  bool align_corners;  // -1 and 1 are the centres of the outer pixels, else their outer edges
};

// Adds the taps of the point (x, y), each from -1 to 1 across the map. NaN counts as -1.
void AddGridPoint(TapList& list, const PixelGrid& grid, float x, float y, const GridRule& rule);

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_GRID_SAMPLER_POINTS_H_
