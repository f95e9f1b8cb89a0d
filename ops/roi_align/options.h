// The attributes that RoiAlign and MultiScaleRoiAlign share, read from a node and checked.

#ifndef ROIOPS_ROI_ALIGN_OPTIONS_H_
#define ROIOPS_ROI_ALIGN_OPTIONS_H_

#include "ort/api.h"
#include "roi_align/rule.h"

namespace roiops {

struct RoiAlignAttributes {
  RoiAlignOptions pool;
  bool batch_is_counts;  // batch_format: "boxes_num" or "batch_indices"

  // Throws Error that names the attribute, the value found and those wanted.
  explicit RoiAlignAttributes(const ort::KernelInfo& info);
};

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_OPTIONS_H_
