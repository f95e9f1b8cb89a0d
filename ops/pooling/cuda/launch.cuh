// The kernels as the device runs them; a .cu file of an operator instantiates them for its rule.

#ifndef ROIOPS_POOLING_CUDA_LAUNCH_CUH_
#define ROIOPS_POOLING_CUDA_LAUNCH_CUH_

#include "cuda/launch.cuh"
#include "pooling/cuda/block.h"

namespace roiops {
namespace {

template <class Rule, class Stored>
__global__ void __launch_bounds__(kBlockThreads, 4)
    PoolBoxes(const __grid_constant__ CudaRequest<Rule> request) {
  __shared__ BlockMemory<Rule, Stored> memory;
  const CudaBlock block;
  const BoxPooler<Rule, Stored, CudaBlock> pooler(request, memory, block);
  for (int64_t item = blockIdx.x; item < request.work_items; item += gridDim.x) pooler.Run(item);
}

}  // namespace

template <class Rule, class Stored>
const char* LaunchCudaPooling(const CudaRequest<Rule>& request, void* stream) {
  const unsigned blocks = BlocksFor(request.work_items);
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
