#include "roi/pooling_op.h"
#include "roi_align_rotated/cpu/provider.h"
#include "roi_align_rotated/ops.h"
#include "rotated/attributes.h"

namespace roiops {
namespace {

int64_t ReadSamplingRatio(const ort::KernelInfo& info) {
  const int64_t ratio = info.Int("sampling_ratio").value_or(-1);
  if (ratio > kMostRotatedSamples)
    Fail("attribute 'sampling_ratio' is ", ratio, "; it must be at most ", kMostRotatedSamples);
  return ratio;
}

struct RoiAlignRotatedOp {
  static constexpr const char* kName = "RoiAlignRotated";
  static constexpr const char* kPyramidName = "MultiScaleRoiAlignRotated";
  using Rule = RotatedRule;
  using Options = RotatedOptions;

  static Options ReadOptions(const ort::KernelInfo& info) {
    Options options = {};
    options.output = {ort::ReadExtent(info, "output_height"), ort::ReadExtent(info, "output_width")};
    options.rule.sampling.sampling_ratio = ReadSamplingRatio(info);
    options.rule.sampling.aligned = ort::ReadFlag(info, "aligned", true);
    options.rule.angle = ReadAngleRule(info, /*clockwise=*/false);
    options.maximum = ort::ReadChoice(info, "mode", {"avg", "max"}) == 1;
    return options;
  }
};

}  // namespace

void AddRoiAlignRotated(ort::OperatorList& list) {
  ort::AddOperator<PoolingOp<RoiAlignRotatedOp>::OneMap>(list, RotatedProviders(), PooledTypes());
}

void AddMultiScaleRoiAlignRotated(ort::OperatorList& list) {
  ort::AddOperator<PoolingOp<RoiAlignRotatedOp>::Pyramid>(list, RotatedProviders(), PooledTypes());
}

}  // namespace roiops
