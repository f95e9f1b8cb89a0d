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
    const int64_t columns = inputs.Columns();
    const int64_t count = CheckedBoxCount(inputs.boxes, inputs.boxes_name, columns);
    const BoxType* const rows = inputs.boxes.As<BoxType>();
    const std::vector<int64_t> images =
        inputs.batch ? ImagesOfBoxes<Batch>(*inputs.batch, inputs.batch_name, inputs.batch_is_counts,
                                            maps[0].images, count)
                     : ImagesInRows(rows, columns, count, maps[0].images, inputs.boxes_name);
    std::vector<int64_t> levels;
    if (inputs.levels) {
      CheckVector(*inputs.levels, "levels", count, "number of boxes");
      levels =
          CheckedIndices(inputs.levels->As<int64_t>(), count, int64_t(maps.size()), "levels", "feature maps");
    }
    const BoxType* const boxes = rows + (columns - 4);
    CheckBoxesFinite(boxes, count, inputs.boxes_name, columns);
    const std::vector<int64_t> shape =
        CheckedOutputShape(count, maps[0].channels, options.output, sizeof(Stored));
    const PoolRequest<Stored, BoxType> request = {std::move(maps),
                                                  boxes,
                                                  count,
                                                  images.data(),
                                                  inputs.levels ? levels.data() : nullptr,
                                                  static_cast<Stored*>(context.Output(0, shape)),
                                                  columns};
    roiops::Pool(request, options, ort::SessionThreads(context));
  }
};

}  // namespace roiops

#endif  // ROIOPS_POOLING_CPU_PROVIDER_H_
