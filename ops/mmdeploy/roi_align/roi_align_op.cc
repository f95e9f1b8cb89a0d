#include "mmdeploy/attributes.h"
#include "mmdeploy/ops.h"
#include "pooling/providers.h"
#include "roi/infer.h"
#include "roi_align/rule.h"

namespace roiops::mmdeploy {
namespace {

RoiAlignOptions ReadOptions(const ort::KernelInfo& info) {
  RoiAlignOptions options = {};
  options.output = {RequiredInt(info, "output_height", 1, INT32_MAX),
                    RequiredInt(info, "output_width", 1, INT32_MAX)};
  options.rule = {RequiredFlag(info, "aligned"), RequiredInt(info, "sampling_ratio", INT64_MIN, INT64_MAX)};
  options.pooling = RequiredChoice(info, "mode", {"avg", "max"}) == 0 ? Pooling::kAverage : Pooling::kMax;
  return options;
}

template <class Provider>
class RoiAlignKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"MMCVRoiAlign",
            1,
            {{ort::kElementType<float>}, {ort::kElementType<float>}},
            {ort::kElementType<float>},
            [](const ort::ShapeInference& context) { InferPooledShape(context, 0, 1); }};
  }

  explicit RoiAlignKernel(const ort::KernelInfo& info)
      : options_(ReadOptions(info)), spatial_scale_(RequiredScale(info, "spatial_scale")) {
    Provider::template Prepare<SamplingRule, float>();
  }

  void Compute(const ort::KernelContext& context) override {
    const FeatureMap map = CheckedMap(context.Input(0), "x", spatial_scale_);
    const BoxInputs inputs = {context.Input(1), "rois", std::nullopt, nullptr, false, std::nullopt};
    Provider::template Pool<float, float, int64_t>(context, {map}, inputs, options_);
  }

 private:
  const RoiAlignOptions options_;
  const float spatial_scale_;
};

}  // namespace

void AddRoiAlign(ort::OperatorList& list) {
  ort::AddOperator<RoiAlignKernel>(list, PoolingProviders(), ort::TypeList<ort::Types<>>());
}

}  // namespace roiops::mmdeploy
