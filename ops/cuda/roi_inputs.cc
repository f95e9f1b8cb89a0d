#include "cuda/roi_inputs.h"

namespace roiops {
namespace {

CudaMap MakeCudaMap(const FeatureMap& map, size_t element_size) {
  int32_t vector = int32_t(16 / element_size);  // the widest loads take 16 bytes
  const auto aligned = [&] {
    return map.width % vector == 0 &&
           reinterpret_cast<uintptr_t>(map.data) % (size_t(vector) * element_size) == 0;
  };
  while (vector > 1 && !aligned()) vector /= 2;
  return {map.data, int32_t(map.height), int32_t(map.width), map.spatial_scale, vector};
}

}  // namespace

void SetMaps(RoiInputs& inputs, const FeatureMap* maps, size_t count, size_t element_size) {
  for (size_t i = 0; i < count; ++i) inputs.maps[i] = MakeCudaMap(maps[i], element_size);
  inputs.map_count = int32_t(count);
  inputs.images = maps[0].images;
  inputs.channels = maps[0].channels;
}

}  // namespace roiops
