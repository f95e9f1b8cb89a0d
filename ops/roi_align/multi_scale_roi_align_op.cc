#include "ort/attributes.h"
#include "pooling/providers.h"
#include "roi/infer.h"
#include "roi/pyramid.h"
#include "roi_align/ops.h"
#include "roi_align/options.h"

namespace roiops {
namespace {

constexpr size_t kFirstMap = 3;

template <class Provider, class Stored, class BoxType, class Batch>
class MultiScaleRoiAlignKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"MultiScaleRoiAlign",
            1,
            {{ort::kElementType<BoxType>},
             {ort::kElementType<Batch>},
             {ort::kElementType<int64_t>},
             {ort::kElementType<Stored>, ort::Arity::kVariadic}},
            {ort::kElementType<Stored>},
            [](const ort::ShapeInference& context) { InferPooledShape(context, kFirstMap, 0); }};
  }

  explicit MultiScaleRoiAlignKernel(const ort::KernelInfo& info)
      : attributes_(info), spatial_scales_(ReadPyramidScales(info, kFirstMap)) {
    Provider::template Prepare<SamplingRule, Stored>();
  }

  void Compute(const ort::KernelContext& context) override {
    const std::vector<FeatureMap> maps = CheckedPyramid(context, kFirstMap, spatial_scales_);
    const BoxInputs inputs = {
        context.Input(0), "boxes", context.Input(1), "batch", attributes_.batch_is_counts, context.Input(2)};
    Provider::template Pool<Stored, BoxType, Batch>(context, maps, inputs, attributes_.pool);
  }

 private:
  const RoiAlignAttributes attributes_;
  const std::vector<float> spatial_scales_;
};

}  // namespace

void AddMultiScaleRoiAlign(ort::OperatorList& list) {
  ort::AddOperator<MultiScaleRoiAlignKernel>(list, PoolingProviders(), PooledTypes());
}

}  // namespace roiops
