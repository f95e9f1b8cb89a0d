// Pooling on ONNX Runtime's CUDA provider: inputs and output are on the device, where the kernels run.

#ifndef ROIOPS_POOLING_CUDA_PROVIDER_H_
#define ROIOPS_POOLING_CUDA_PROVIDER_H_

#include <type_traits>
#include <vector>

#include "cuda/errors.h"
#include "ort/custom_op.h"
#include "pooling/cuda/request.h"
#include "pooling/options.h"
#include "roi/inputs.h"

namespace roiops {

struct CudaProvider : ort::Cuda {
  // Throws Error if the current device cannot run the kernels.
  template <class Rule, class Stored>
  static void Prepare() {
    CheckKernelsLoad(LoadCudaPooling<Rule, Stored>());
  }

  // Shapes are checked as on the CPU. The values of boxes, batch and levels are on the device: to check them
  // here would wait for it. A box that cannot be located gets zeros instead (see PoolJob).
  template <class Stored, class BoxType, class Batch, class Rule>
  static void Pool(const ort::KernelContext& context, const std::vector<FeatureMap>& maps,
                   const BoxInputs& inputs, const PoolOptions<Rule>& options) {
    CudaRequest<Rule> request = {};
    SetInputs(request, maps, inputs, sizeof(Stored));
    request.float_boxes = std::is_same_v<BoxType, float>;
    request.wide_batch = std::is_same_v<Batch, int64_t>;
    request.size = options.output;
    request.rule = options.rule;
    request.pooling = options.pooling;
    const std::vector<int64_t> shape =
        CheckedOutputShape(request.count, request.channels, options.output, sizeof(Stored));
    request.output = context.Output(0, shape);
    if (request.count == 0 || request.channels == 0) return;
    ChooseTiles(request);
    CheckLaunch(LaunchCudaPooling<Rule, Stored>(request, context.GpuStream()));
  }

 private:
  // All but the types of boxes and batch; throws Error where the shapes are wrong.
  static void SetInputs(RoiInputs& to, const std::vector<FeatureMap>& maps, const BoxInputs& inputs,
                        size_t element_size);
};

}  // namespace roiops

#endif  // ROIOPS_POOLING_CUDA_PROVIDER_H_
