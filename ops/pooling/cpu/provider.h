// Pooling on ONNX Runtime's CPU provider: inputs are checked, then pooled by the threads of the session.

#ifndef ROIOPS_POOLING_CPU_PROVIDER_H_
#define ROIOPS_POOLING_CPU_PROVIDER_H_

#include <vector>

#include "ort/custom_op.h"
#include "ort/threads.h"
#include "pooling/cpu/pool.h"
#include "roi/inputs.h"

namespace roiops {

struct CpuProvider : ort::Cpu {
  // Throws Error if the device cannot run the kernels.
  template <class Rule, class Stored>
  static void Prepare() {}

  template <class Stored, class BoxType, class Batch, class Rule>
  static void Pool(const ort::KernelContext& context, std::vector<FeatureMap> maps, const BoxInputs& inputs,
                   const PoolOptions<Rule>& options) {
    const int64_t count = CheckedBoxCount(inputs.boxes, inputs.boxes_name);
    const std::vector<int64_t> images =
        ImagesOfBoxes<Batch>(inputs.batch, inputs.batch_name, inputs.batch_is_counts, maps[0].images, count);
    std::vector<int64_t> levels;
    if (inputs.levels) {
      CheckVector(*inputs.levels, "levels", count, "number of boxes");
      levels =
          CheckedIndices(inputs.levels->As<int64_t>(), count, int64_t(maps.size()), "levels", "feature maps");
    }
    CheckBoxesFinite(inputs.boxes.As<BoxType>(), count, inputs.boxes_name);
    const std::vector<int64_t> shape =
        CheckedOutputShape(count, maps[0].channels, options.output, sizeof(Stored));
    const PoolRequest<Stored, BoxType> request = {std::move(maps),
                                                  inputs.boxes.As<BoxType>(),
                                                  count,
                                                  images.data(),
                                                  inputs.levels ? levels.data() : nullptr,
                                                  static_cast<Stored*>(context.Output(0, shape))};
    roiops::Pool(request, options, ort::SessionThreads(context));
  }
};

}  // namespace roiops

#endif  // ROIOPS_POOLING_CPU_PROVIDER_H_
