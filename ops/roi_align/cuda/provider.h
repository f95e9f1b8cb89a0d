// The operators on ONNX Runtime's CUDA provider: inputs and output are on the device, where the kernels run.

#ifndef ROIOPS_ROI_ALIGN_CUDA_PROVIDER_H_
#define ROIOPS_ROI_ALIGN_CUDA_PROVIDER_H_

#include <type_traits>
#include <vector>

#include "ort/custom_op.h"
#include "roi/inputs.h"
#include "roi_align/cpu/pool.h"
#include "roi_align/cuda/request.h"

namespace roiops {

struct CudaProvider : ort::Cuda {
  // Throws Error if the current device cannot run the kernels.
  template <class Stored>
  static void Prepare() {
    CheckKernelsLoad(LoadCudaPooling<Stored>());
  }

  // Shapes are checked as on the CPU. The values of boxes, batch and levels are on the device: to check them
  // here would wait for it. A box without a place gets zeros instead (see CudaRequest).
  template <class Stored, class BoxType, class Batch>
  static void Pool(const ort::KernelContext& context, const std::vector<FeatureMap>& maps,
                   const BoxInputs& inputs, const PoolOptions& options) {
    CudaRequest request = CheckedRequest(maps, inputs, options, sizeof(Stored));
    request.float_boxes = std::is_same_v<BoxType, float>;
    request.wide_batch = std::is_same_v<Batch, int64_t>;
    const std::vector<int64_t> shape =
        CheckedOutputShape(request.count, request.channels, options.output, sizeof(Stored));
    request.output = context.Output(0, shape);
    if (request.count == 0 || request.channels == 0) return;
    ChooseTiles(request);
    CheckLaunch(LaunchCudaPooling<Stored>(request, context.GpuStream()));
  }

 private:
  // All but the output, the types and the tiles.
  static CudaRequest CheckedRequest(const std::vector<FeatureMap>& maps, const BoxInputs& inputs,
                                    const PoolOptions& options, size_t element_size);
  static void CheckKernelsLoad(const char* problem);
  static void CheckLaunch(const char* problem);
};

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_CUDA_PROVIDER_H_
