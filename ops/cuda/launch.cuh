// What launches of kernels share: a grid of blocks, each of which takes work items until none is left.
//
// Nothing from the C++ standard library is linked from here: the host's half of this file may be compiled by
// another compiler than the rest of the library.

#ifndef ROIOPS_CUDA_LAUNCH_CUH_
#define ROIOPS_CUDA_LAUNCH_CUH_

#include <cuda_runtime.h>
#include <stdint.h>

#include "base/host_device.h"
#include "cuda/block.h"

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

unsigned BlocksFor(int64_t work_items) {
  constexpr int64_t kMostBlocks = 2147483647;
  return unsigned(work_items < kMostBlocks ? work_items : kMostBlocks);
}

const char* Describe(cudaError_t error) {
  if (error == cudaSuccess) return nullptr;
  cudaGetLastError();  // the runtime keeps an error until it is asked, and would blame the next launch for it
  return cudaGetErrorString(error);
}

}  // namespace
}  // namespace roiops

#endif  // ROIOPS_CUDA_LAUNCH_CUH_
