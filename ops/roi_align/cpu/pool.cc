#include "pooling/cpu/box_geometry.h"
#include "roi_align/rule.h"

namespace roiops {

ROIOPS_INSTANTIATE_POOL(SamplingRule)

}  // namespace roiops
