#include "pooling/providers.h"
#include "roi/pooling_op.h"
#include "roi_align/ops.h"
#include "roi_align/rule.h"

namespace roiops {
namespace {

struct RoiAlignOp {
  static constexpr const char* kName = "RoiAlign";
  static constexpr const char* kPyramidName = "MultiScaleRoiAlign";
  using Rule = SamplingRule;
  using Options = RoiAlignOptions;

  static Options ReadOptions(const ort::KernelInfo& info) {
    Options options = {};
    options.output = {ort::ReadExtent(info, "output_height"), ort::ReadExtent(info, "output_width")};
    options.rule.sampling_ratio = info.Int("sampling_ratio").value_or(-1);
    options.rule.aligned = ort::ReadFlag(info, "aligned", true);
    options.pooling = ort::ReadChoice(info, "mode", {"avg", "max"}) == 0 ? Pooling::kAverage : Pooling::kMax;
    return options;
  }
};

}  // namespace

void AddRoiAlign(ort::OperatorList& list) {
  ort::AddOperator<PoolingOp<RoiAlignOp>::OneMap>(list, PoolingProviders(), PooledTypes());
}

void AddMultiScaleRoiAlign(ort::OperatorList& list) {
  ort::AddOperator<PoolingOp<RoiAlignOp>::Pyramid>(list, PoolingProviders(), PooledTypes());
}

}  // namespace roiops
