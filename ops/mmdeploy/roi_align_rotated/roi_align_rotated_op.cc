#include "mmdeploy/attributes.h"
#include "mmdeploy/ops.h"
#include "roi/infer.h"
#include "roi_align_rotated/cpu/provider.h"

namespace roiops::mmdeploy {
namespace {

RotatedOptions ReadOptions(const ort::KernelInfo& info) {
  RotatedOptions options = {};
  options.output = {RequiredInt(info, "output_height", 1, INT32_MAX),
                    RequiredInt(info, "output_width", 1, INT32_MAX)};
  options.rule.sampling = {RequiredFlag(info, "aligned"),
                           RequiredInt(info, "sampling_ratio", INT64_MIN, kMostRotatedSamples)};
  options.rule.angle.clockwise = RequiredFlag(info, "clockwise");
  return options;
}

template <class Provider>
class RoiAlignRotatedKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"MMCVRoIAlignRotated",
            1,
            {{ort::kElementType<float>}, {ort::kElementType<float>}},
            {ort::kElementType<float>},
            [](const ort::ShapeInference& context) { InferPooledShape(context, 0, 1); }};
  }

  explicit RoiAlignRotatedKernel(const ort::KernelInfo& info)
      : options_(ReadOptions(info)), spatial_scale_(RequiredScale(info, "spatial_scale")) {
    Provider::template Prepare<RotatedRule, float>();
  }

  void Compute(const ort::KernelContext& context) override {
    const FeatureMap map = CheckedMap(context.Input(0), "x", spatial_scale_);
    const BoxInputs inputs = {context.Input(1), "rois", std::nullopt, nullptr, false, std::nullopt};
    Provider::template Pool<float, float, int64_t>(context, {map}, inputs, options_);
  }

 private:
  const RotatedOptions options_;
  const float spatial_scale_;
};

}  // namespace

void AddRoiAlignRotated(ort::OperatorList& list) {
  ort::AddOperator<RoiAlignRotatedKernel>(list, RotatedProviders(), ort::TypeList<ort::Types<>>());
}

}  // namespace roiops::mmdeploy
