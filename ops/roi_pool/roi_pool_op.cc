#include "ort/attributes.h"
#include "pooling/providers.h"
#include "roi/infer.h"
#include "roi_pool/ops.h"
#include "roi_pool/rule.h"

namespace roiops {
namespace {

template <class Provider, class Stored, class BoxType, class Batch>
class RoiPoolKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"RoiPool",
            1,
            {{ort::kElementType<Stored>}, {ort::kElementType<BoxType>}, {ort::kElementType<Batch>}},
            {ort::kElementType<Stored>},
            [](const ort::ShapeInference& context) { InferPooledShape(context, 0, 1); }};
  }

  explicit RoiPoolKernel(const ort::KernelInfo& info)
      : options_{{ort::ReadExtent(info, "output_height"), ort::ReadExtent(info, "output_width")},
                 {},
                 Pooling::kMax},
        spatial_scale_(ort::CheckedScale("spatial_scale", info.Float("spatial_scale").value_or(1.0f))),
        batch_is_counts_(ort::ReadChoice(info, "batch_format", {"boxes_num", "batch_indices"}) == 0) {
    Provider::template Prepare<RoiPoolRule, Stored>();
  }

  void Compute(const ort::KernelContext& context) override {
    const FeatureMap map = CheckedMap(context.Input(0), "X", spatial_scale_);
    const BoxInputs inputs = {context.Input(1), "boxes",          context.Input(2),
                              "batch",          batch_is_counts_, std::nullopt};
    Provider::template Pool<Stored, BoxType, Batch>(context, {map}, inputs, options_);
  }

 private:
  const PoolOptions<RoiPoolRule> options_;
  const float spatial_scale_;
  const bool batch_is_counts_;
};

}  // namespace

void AddRoiPool(ort::OperatorList& list) {
  ort::AddOperator<RoiPoolKernel>(list, PoolingProviders(), PooledTypes());
}

}  // namespace roiops
