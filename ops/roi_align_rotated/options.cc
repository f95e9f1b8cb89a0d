#include "roi_align_rotated/options.h"

#include "rotated/attributes.h"

namespace roiops {

RotatedAttributes::RotatedAttributes(const ort::KernelInfo& info) {
  pool.output = {ort::ReadExtent(info, "output_height"), ort::ReadExtent(info, "output_width")};
  pool.rule.sampling.sampling_ratio = info.Int("sampling_ratio").value_or(-1);
  if (pool.rule.sampling.sampling_ratio > kMostRotatedSamples) {
    Fail("attribute 'sampling_ratio' is ", pool.rule.sampling.sampling_ratio, "; it must be at most ",
         kMostRotatedSamples);
  }
  pool.rule.sampling.aligned = ort::ReadFlag(info, "aligned", true);
  pool.rule.angle = ReadAngleRule(info, /*clockwise=*/false);
  pool.maximum = ort::ReadChoice(info, "mode", {"avg", "max"}) == 1;
  batch_is_counts = ort::ReadChoice(info, "batch_format", {"boxes_num", "batch_indices"}) == 0;
}

}  // namespace roiops
