#include "roi_align/options.h"

#include "ort/attributes.h"

namespace roiops {

RoiAlignAttributes::RoiAlignAttributes(const ort::KernelInfo& info) {
  pool.output = {ort::ReadExtent(info, "output_height"), ort::ReadExtent(info, "output_width")};
  pool.rule.sampling_ratio = info.Int("sampling_ratio").value_or(-1);
  pool.rule.aligned = ort::ReadFlag(info, "aligned", true);
  pool.pooling = ort::ReadChoice(info, "mode", {"avg", "max"}) == 0 ? Pooling::kAverage : Pooling::kMax;
  batch_is_counts = ort::ReadChoice(info, "batch_format", {"boxes_num", "batch_indices"}) == 0;
}

}  // namespace roiops
