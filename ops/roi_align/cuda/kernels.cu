// The kernels as the device runs them: a grid of blocks, each of which does tasks until none is left.
//
// Nothing from the C++ standard library is linked from here: the host's half of this file may be compiled by
// another compiler than the rest of the library.

#include <cuda_runtime.h>

#include "roi_align/cuda/block.h"

namespace roiops {
namespace {

struct CudaBlock {
  ROIOPS_HOST_DEVICE int Threads() const { return kBlockThreads; }

  template <class Function>
  ROIOPS_HOST_DEVICE void Step(const Function& function) const {
#if defined(__CUDA_ARCH__)
    function(int(threadIdx.x));
    __syncthreads();
#endif
  }
};

template <class Stored>
__global__ void __launch_bounds__(kBlockThreads, 4) PoolBoxes(const __grid_constant__ CudaRequest request) {
  __shared__ BlockMemory<Stored> memory;
  const CudaBlock block;
  const BoxPooler<Stored, CudaBlock> pooler(request, memory, block);
  for (int64_t task = blockIdx.x; task < request.tasks; task += gridDim.x) pooler.Run(task);
}

const char* Describe(cudaError_t error) {
  if (error == cudaSuccess) return nullptr;
  cudaGetLastError();  // the runtime keeps an error until it is asked, and would blame the next launch for it
  return cudaGetErrorString(error);
}

}  // namespace

template <class Stored>
const char* LaunchCudaPooling(const CudaRequest& request, void* stream) {
  constexpr int64_t kMostBlocks = 2147483647;
  const unsigned blocks = unsigned(request.tasks < kMostBlocks ? request.tasks : kMostBlocks);
  PoolBoxes<Stored><<<blocks, kBlockThreads, 0, static_cast<cudaStream_t>(stream)>>>(request);
  return Describe(cudaGetLastError());
}

template <class Stored>
const char* LoadCudaPooling() {
  cudaFuncAttributes attributes;
  return Describe(cudaFuncGetAttributes(&attributes, PoolBoxes<Stored>));
}

#define ROIOPS_INSTANTIATE(Stored)                                           \
  template const char* LaunchCudaPooling<Stored>(const CudaRequest&, void*); \
  template const char* LoadCudaPooling<Stored>();

ROIOPS_INSTANTIATE(float)
ROIOPS_INSTANTIATE(double)
ROIOPS_INSTANTIATE(Half)
ROIOPS_INSTANTIATE(BFloat16)

}  // namespace roiops
