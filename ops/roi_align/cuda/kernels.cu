#include "pooling/cuda/launch.cuh"
#include "roi_align/rule.h"

namespace roiops {

ROIOPS_INSTANTIATE_CUDA_POOLING(SamplingRule)

}  // namespace roiops
