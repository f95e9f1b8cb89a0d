// The kernels as the device runs them: a grid of blocks, each of which does work items until none is left. A
// .cu file of an operator instantiates them for its rule.
//
// Nothing from the C++ standard library is linked from here: the host's half of this file may be compiled by
// another compiler than the rest of the library.

#ifndef ROIOPS_POOLING_CUDA_LAUNCH_CUH_
#define ROIOPS_POOLING_CUDA_LAUNCH_CUH_

#include <cuda_runtime.h>

#include "pooling/cuda/block.h"

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

template <class Rule, class Stored>
__global__ void __launch_bounds__(kBlockThreads, 4)
    PoolBoxes(const __grid_constant__ CudaRequest<Rule> request) {
  __shared__ BlockMemory<Rule, Stored> memory;
  const CudaBlock block;
  const BoxPooler<Rule, Stored, CudaBlock> pooler(request, memory, block);
  for (int64_t item = blockIdx.x; item < request.work_items; item += gridDim.x) pooler.Run(item);
}

const char* Describe(cudaError_t error) {
  if (error == cudaSuccess) return nullptr;
  cudaGetLastError();  // the runtime keeps an error until it is asked, and would blame the next launch for it
  return cudaGetErrorString(error);
}

}  // namespace

template <class Rule, class Stored>
const char* LaunchCudaPooling(const CudaRequest<Rule>& request, void* stream) {
  constexpr int64_t kMostBlocks = 2147483647;
  const unsigned blocks = unsigned(request.work_items < kMostBlocks ? request.work_items : kMostBlocks);
  PoolBoxes<Rule, Stored><<<blocks, kBlockThreads, 0, static_cast<cudaStream_t>(stream)>>>(request);
  return Describe(cudaGetLastError());
}

template <class Rule, class Stored>
const char* LoadCudaPooling() {
  cudaFuncAttributes attributes;
  return Describe(cudaFuncGetAttributes(&attributes, PoolBoxes<Rule, Stored>));
}

#define ROIOPS_INSTANTIATE_CUDA_POOLING_OF(Rule, Stored)                                 \
  template const char* LaunchCudaPooling<Rule, Stored>(const CudaRequest<Rule>&, void*); \
  template const char* LoadCudaPooling<Rule, Stored>();

#define ROIOPS_INSTANTIATE_CUDA_POOLING(Rule)      \
  ROIOPS_INSTANTIATE_CUDA_POOLING_OF(Rule, float)  \
  ROIOPS_INSTANTIATE_CUDA_POOLING_OF(Rule, double) \
  ROIOPS_INSTANTIATE_CUDA_POOLING_OF(Rule, Half)   \
  ROIOPS_INSTANTIATE_CUDA_POOLING_OF(Rule, BFloat16)

}  // namespace roiops

#endif  // ROIOPS_POOLING_CUDA_LAUNCH_CUH_
