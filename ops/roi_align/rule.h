// RoiAlign as a rule of axes (pooling/options.h).

#ifndef ROIOPS_ROI_ALIGN_RULE_H_
#define ROIOPS_ROI_ALIGN_RULE_H_

#include "axis/bin_taps.h"
#include "pooling/options.h"

namespace roiops {

using RoiAlignOptions = PoolOptions<SamplingRule>;

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_RULE_H_
