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
    const auto located = CheckedBoxes<BoxType, Batch>(inputs, maps[0].images, int64_t(maps.size()));
    const std::vector<int64_t> shape =
        CheckedOutputShape(located.count, maps[0].channels, options.output, sizeof(Stored));
    const PoolRequest<Stored, BoxType> request = {
        std::move(maps),       located.boxes,    located.count,
        located.images.data(), located.Levels(), static_cast<Stored*>(context.Output(0, shape)),
        located.columns};
    roiops::Pool(request, options, ort::SessionThreads(context));
  }
};

}  // namespace roiops

#endif  // ROIOPS_POOLING_CPU_PROVIDER_H_
