#include "roi/pyramid.h"

#include <string>

#include "ort/attributes.h"
#include "roi/inputs.h"

namespace roiops {

std::vector<float> ReadPyramidScales(const ort::KernelInfo& info, size_t first_map) {
  const size_t inputs = info.InputCount();
  if (inputs <= first_map) Fail("input 'X_0' is missing; there must be at least one feature map");
  const size_t maps = inputs - first_map;
  const std::optional<std::vector<float>> scales = info.Floats("spatial_scales");
  if (!scales)
    Fail("attribute 'spatial_scales' is missing; it is required and must have one scale per feature map");
  if (scales->size() != maps) {
    Fail("attribute 'spatial_scales' has ", scales->size(), " elements; it must have one for each of the ",
         maps, " feature maps");
  }
  for (const float scale : *scales) ort::CheckedScale("spatial_scales", scale);
  return *scales;
}

std::vector<FeatureMap> CheckedPyramid(const ort::KernelContext& context, size_t first_map,
                                       const std::vector<float>& scales) {
  std::vector<FeatureMap> maps;
  for (size_t level = 0; level < scales.size(); ++level) {
    const std::string name = "X_" + std::to_string(level);
    maps.push_back(CheckedMap(context.Input(first_map + level), name.c_str(), scales[level]));
    const FeatureMap& map = maps.back();
    if (map.images != maps[0].images || map.channels != maps[0].channels) {
      Fail("input '", name, "' has ", map.images, " images of ", map.channels,
           " channels; all feature maps must have the ", maps[0].images, " images of ", maps[0].channels,
           " channels that 'X_0' has");
    }
  }
  return maps;
}

}  // namespace roiops
