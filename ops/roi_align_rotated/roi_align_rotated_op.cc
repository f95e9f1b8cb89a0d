#include "ort/attributes.h"
#include "roi/infer.h"
#include "roi_align_rotated/cpu/provider.h"
#include "roi_align_rotated/ops.h"
#include "roi_align_rotated/options.h"

namespace roiops {
namespace {

template <class Provider, class Stored, class BoxType, class Batch>
class RoiAlignRotatedKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"RoiAlignRotated",
            1,
            {{ort::kElementType<Stored>}, {ort::kElementType<BoxType>}, {ort::kElementType<Batch>}},
            {ort::kElementType<Stored>},
            [](const ort::ShapeInference& context) { InferPooledShape(context, 0, 1); }};
  }

  explicit RoiAlignRotatedKernel(const ort::KernelInfo& info)
      : attributes_(info),
        spatial_scale_(ort::CheckedScale("spatial_scale", info.Float("spatial_scale").value_or(1.0f))) {
    Provider::template Prepare<Stored>();
  }

  void Compute(const ort::KernelContext& context) override {
    const FeatureMap map = CheckedMap(context.Input(0), "X", spatial_scale_);
    const BoxInputs inputs = {
        context.Input(1), "boxes", context.Input(2), "batch", attributes_.batch_is_counts, std::nullopt};
    Provider::template Pool<Stored, BoxType, Batch>(context, {map}, inputs, attributes_.pool);
  }

 private:
  const RotatedAttributes attributes_;
  const float spatial_scale_;
};

}  // namespace

void AddRoiAlignRotated(ort::OperatorList& list) {
  ort::AddOperator<RoiAlignRotatedKernel>(list, RotatedProviders(), PooledTypes());
}

}  // namespace roiops
