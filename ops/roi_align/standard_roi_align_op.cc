#include <algorithm>
#include <cctype>

#include "ort/attributes.h"
#include "pooling/providers.h"
#include "roi/infer.h"
#include "roi_align/ops.h"
#include "roi_align/rule.h"

namespace roiops {
namespace {

// ONNX Runtime takes the mode in any case.
Pooling ReadMode(const ort::KernelInfo& info) {
  const std::string found = info.String("mode").value_or("avg");
  std::string mode = found;
  std::transform(mode.begin(), mode.end(), mode.begin(),
                 [](unsigned char c) { return char(std::tolower(c)); });
  if (mode == "avg") return Pooling::kAverage;
  if (mode == "max") return Pooling::kMaxOfCorners;
  Fail("attribute 'mode' is ", Quoted(found), R"(; it must be "avg" or "max")");
}

int64_t ReadSamplingRatio(const ort::KernelInfo& info) {
  const int64_t ratio = info.Int("sampling_ratio").value_or(0);
  if (ratio < 0) Fail("attribute 'sampling_ratio' is ", ratio, "; it must not be negative");
  return ratio;
}

template <class Provider, class Stored>
class StandardRoiAlignKernel : public ort::Kernel {
 public:
  // Opsets before 16 have other defaults, which an operator cannot see; they stay with the built-in kernel.
  static ort::OpSpec Spec() {
    return {"RoiAlign",
            16,
            {{ort::kElementType<Stored>}, {ort::kElementType<Stored>}, {ort::kElementType<int64_t>}},
            {ort::kElementType<Stored>},
            [](const ort::ShapeInference& context) { InferPooledShape(context, 0, 1, /*otherwise=*/1); }};
  }

  explicit StandardRoiAlignKernel(const ort::KernelInfo& info)
      : spatial_scale_(ort::CheckedScale("spatial_scale", info.Float("spatial_scale").value_or(1.0f))) {
    options_.output = {ort::ReadExtent(info, "output_height", 1), ort::ReadExtent(info, "output_width", 1)};
    options_.rule.aligned =
        ort::ReadChoice(info, "coordinate_transformation_mode", {"half_pixel", "output_half_pixel"}) == 0;
    options_.rule.sampling_ratio = ReadSamplingRatio(info);
    options_.pooling = ReadMode(info);
    Provider::template Prepare<SamplingRule, Stored>();
  }

  void Compute(const ort::KernelContext& context) override {
    const FeatureMap map = CheckedMap(context.Input(0), "X", spatial_scale_);
    const BoxInputs inputs = {context.Input(1),          "rois",      context.Input(2), "batch_indices",
                              /*batch_is_counts=*/false, std::nullopt};
    Provider::template Pool<Stored, Stored, int64_t>(context, {map}, inputs, options_);
  }

 private:
  RoiAlignOptions options_;
  const float spatial_scale_;
};

}  // namespace

void AddStandardRoiAlign(ort::OperatorList& list) {
  ort::AddOperator<StandardRoiAlignKernel>(list, PoolingProviders(), ort::FloatTypes());
}

}  // namespace roiops
