// The execution providers that pool. Each has these members:
//
//   template <class Rule, class Stored>
//   static void Prepare();    throws Error if the device cannot run the kernels
//
//   template <class Stored, class BoxType, class Batch, class Rule>
//   static void Pool(context, maps, inputs, options);    checks the inputs and fills output 0

#ifndef ROIOPS_POOLING_PROVIDERS_H_
#define ROIOPS_POOLING_PROVIDERS_H_

#include "pooling/cpu/provider.h"
#if defined(ROIOPS_CUDA)
#include "pooling/cuda/provider.h"
#endif

namespace roiops {

#if defined(ROIOPS_CUDA)
using PoolingProviders = ort::Types<CpuProvider, CudaProvider>;
#else
using PoolingProviders = ort::Types<CpuProvider>;
#endif

}  // namespace roiops

#endif  // ROIOPS_POOLING_PROVIDERS_H_
