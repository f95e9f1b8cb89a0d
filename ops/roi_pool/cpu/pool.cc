#include "pooling/cpu/box_geometry.h"
#include "roi_pool/rule.h"

namespace roiops {

ROIOPS_INSTANTIATE_POOL(RoiPoolRule)

}  // namespace roiops
