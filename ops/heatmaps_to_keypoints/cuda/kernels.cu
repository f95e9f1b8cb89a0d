#include "cuda/launch.cuh"
#include "heatmaps_to_keypoints/cuda/block.h"

namespace roiops {
namespace {

template <class Stored>
__global__ void __launch_bounds__(kBlockThreads, 2)
    FindKeypoints(const __grid_constant__ CudaKeypointRequest request) {
  __shared__ KeypointMemory<typename ComputeType<Stored>::Type> memory;
  const CudaBlock block;
  const PeakSearch<Stored, CudaBlock> search(request, memory, block);
  const int64_t items = request.count * request.keypoints;
  for (int64_t item = blockIdx.x; item < items; item += gridDim.x) search.Run(item);
}

}  // namespace

template <class Stored>
const char* LaunchCudaKeypoints(const CudaKeypointRequest& request, void* stream) {
  const unsigned blocks = BlocksFor(request.count * request.keypoints);
  FindKeypoints<Stored><<<blocks, kBlockThreads, 0, static_cast<cudaStream_t>(stream)>>>(request);
  return Describe(cudaGetLastError());
}

template <class Stored>
const char* LoadCudaKeypoints() {
  cudaFuncAttributes attributes;
  return Describe(cudaFuncGetAttributes(&attributes, FindKeypoints<Stored>));
}

#define ROIOPS_INSTANTIATE(Stored)                                                     \
  template const char* LaunchCudaKeypoints<Stored>(const CudaKeypointRequest&, void*); \
  template const char* LoadCudaKeypoints<Stored>();

ROIOPS_INSTANTIATE(float)
ROIOPS_INSTANTIATE(double)
ROIOPS_INSTANTIATE(Half)
ROIOPS_INSTANTIATE(BFloat16)

}  // namespace roiops
