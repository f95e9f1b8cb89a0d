// The attributes that both operators of this folder share, read from a node and checked.

#ifndef ROIOPS_ROI_ALIGN_ROTATED_OPTIONS_H_
#define ROIOPS_ROI_ALIGN_ROTATED_OPTIONS_H_

#include "ort/api.h"
#include "roi_align_rotated/cpu/pool.h"

namespace roiops {

struct RotatedAttributes {
  RotatedOptions pool;
  bool batch_is_counts;  // batch_format: "boxes_num" or "batch_indices"

  // Throws Error that names the attribute, the value found and those wanted.
  explicit RotatedAttributes(const ort::KernelInfo& info);
};

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_ROTATED_OPTIONS_H_
