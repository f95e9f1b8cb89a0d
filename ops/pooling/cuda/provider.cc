#include "pooling/cuda/provider.h"

namespace roiops {

void CudaProvider::SetInputs(RoiInputs& to, const std::vector<FeatureMap>& maps, const BoxInputs& inputs,
                             size_t element_size) {
  if (maps.size() > size_t(kMaxCudaMaps)) {
    Fail("there are ", maps.size(), " feature maps; the CUDA kernel takes at most ", kMaxCudaMaps);
  }
  const int64_t count = CheckedBoxCount(inputs.boxes, inputs.boxes_name, inputs.Columns());
  if (inputs.batch) {
    const bool counts = inputs.batch_is_counts;
    CheckVector(*inputs.batch, inputs.batch_name, counts ? maps[0].images : count,
                counts ? "number of images" : "number of boxes");
  }
  if (inputs.levels) CheckVector(*inputs.levels, "levels", count, "number of boxes");

  SetMaps(to, maps.data(), maps.size(), element_size);
  to.batch_is_counts = inputs.batch_is_counts;
  to.boxes = inputs.boxes.data;
  to.batch_in_boxes = !inputs.batch;
  to.batch = inputs.batch ? inputs.batch->data : nullptr;
  to.levels = inputs.levels ? inputs.levels->As<int64_t>() : nullptr;
  to.count = count;
}

}  // namespace roiops
