// The execution providers that pool. Each has these members:
//
//   template <class Stored>
//   static void Prepare();    throws Error if the device cannot run the kernels
//
//   template <class Stored, class BoxType, class Batch>
//   static void Pool(context, maps, inputs, options);    checks the inputs and fills output 0

#ifndef ROIOPS_ROI_ALIGN_PROVIDERS_H_
#define ROIOPS_ROI_ALIGN_PROVIDERS_H_

#include "roi_align/cpu/provider.h"
#if defined(ROIOPS_CUDA)
#include "roi_align/cuda/provider.h"
#endif

namespace roiops {

#if defined(ROIOPS_CUDA)
using PoolingProviders = ort::Types<CpuProvider, CudaProvider>;
#else
using PoolingProviders = ort::Types<CpuProvider>;
#endif

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_PROVIDERS_H_
