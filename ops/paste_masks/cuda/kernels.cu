#include "cuda/launch.cuh"
#include "paste_masks/cuda/block.h"

namespace roiops {
namespace {

template <class Stored, class Output>
__global__ void __launch_bounds__(kBlockThreads)
    PasteMasksKernel(const __grid_constant__ CudaPasteRequest request) {
  __shared__ PasteMemory<typename Output::Acc> memory;
  const CudaBlock block;
  const MaskPaster<Stored, Output, CudaBlock> paster(request, memory, block);
  for (int64_t item = blockIdx.x; item < request.work_items; item += gridDim.x) paster.Run(item);
}

template <class Stored>
auto KernelFor(PasteOutput output) {
  return output == PasteOutput::kSoft     ? PasteMasksKernel<Stored, CudaSoftOutput<Stored>>
         : output == PasteOutput::kBinary ? PasteMasksKernel<Stored, CudaBinaryOutput<Stored>>
                                          : PasteMasksKernel<Stored, CudaByteOutput<Stored>>;
}

}  // namespace

template <class Stored>
const char* LaunchCudaPasteMasks(const CudaPasteRequest& request, void* stream) {
  const auto kernel = KernelFor<Stored>(request.options.output);
  kernel<<<BlocksFor(request.work_items), kBlockThreads, 0, static_cast<cudaStream_t>(stream)>>>(request);
  return Describe(cudaGetLastError());
}

template <class Stored>
const char* LoadCudaPasteMasks() {
  cudaFuncAttributes attributes;
  return Describe(cudaFuncGetAttributes(&attributes, KernelFor<Stored>(PasteOutput::kSoft)));
}

#define ROIOPS_INSTANTIATE(Stored)                                                   \
  template const char* LaunchCudaPasteMasks<Stored>(const CudaPasteRequest&, void*); \
  template const char* LoadCudaPasteMasks<Stored>();

ROIOPS_INSTANTIATE(float)
ROIOPS_INSTANTIATE(double)
ROIOPS_INSTANTIATE(Half)
ROIOPS_INSTANTIATE(BFloat16)

}  // namespace roiops
