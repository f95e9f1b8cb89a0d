#include "pooling/cuda/launch.cuh"
#include "roi_pool/rule.h"

namespace roiops {

ROIOPS_INSTANTIATE_CUDA_POOLING(RoiPoolRule)

}  // namespace roiops
