#include "ort/attributes.h"
#include "pooling/providers.h"
#include "roi/infer.h"
#include "roi_pool/ops.h"
#include "roi_pool/rule.h"

namespace roiops {
namespace {

OutputSize ReadPooledShape(const ort::KernelInfo& info) {
  const std::optional<std::vector<int64_t>> shape = info.Ints("pooled_shape");
  if (!shape || shape->size() != 2) {
    Fail("attribute 'pooled_shape' ",
         shape ? "has " + std::to_string(shape->size()) + " elements" : std::string("is missing"),
         "; it is required and must be two positive integers, height and width");
  }
  for (const int64_t extent : *shape) {
    if (extent < 1 || extent > INT32_MAX) {
      Fail("attribute 'pooled_shape' is ", ort::ToString(*shape), "; its elements must be between 1 and ",
           INT32_MAX);
    }
  }
  return {(*shape)[0], (*shape)[1]};
}

template <class Provider, class Stored>
class MaxRoiPoolKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"MaxRoiPool",
            1,
            {{ort::kElementType<Stored>}, {ort::kElementType<Stored>}},
            {ort::kElementType<Stored>},
            Infer};
  }

  explicit MaxRoiPoolKernel(const ort::KernelInfo& info)
      : options_{ReadPooledShape(info), {}, Pooling::kMax},
        spatial_scale_(ort::CheckedScale("spatial_scale", info.Float("spatial_scale").value_or(1.0f))) {
    Provider::template Prepare<RoiPoolRule, Stored>();
  }

  void Compute(const ort::KernelContext& context) override {
    const FeatureMap map = CheckedMap(context.Input(0), "X", spatial_scale_);
    const BoxInputs inputs = {context.Input(1), "rois", std::nullopt, nullptr, false, std::nullopt};
    Provider::template Pool<Stored, Stored, int64_t>(context, {map}, inputs, options_);
  }

 private:
  static void Infer(const ort::ShapeInference& context) {
    const std::vector<int64_t> shape = context.Ints("pooled_shape").value_or(std::vector<int64_t>{});
    if (shape.size() == 2) SetPooledShape(context, 0, 1, shape[0], shape[1]);
  }

  const PoolOptions<RoiPoolRule> options_;
  const float spatial_scale_;
};

}  // namespace

void AddMaxRoiPool(ort::OperatorList& list) {
  ort::AddOperator<MaxRoiPoolKernel>(list, PoolingProviders(), ort::FloatTypes());
}

}  // namespace roiops
