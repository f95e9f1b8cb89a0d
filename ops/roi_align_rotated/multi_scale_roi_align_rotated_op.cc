#include "ort/attributes.h"
#include "roi/infer.h"
#include "roi/pyramid.h"
#include "roi_align_rotated/cpu/provider.h"
#include "roi_align_rotated/ops.h"
#include "roi_align_rotated/options.h"

namespace roiops {
namespace {

constexpr size_t kFirstMap = 3;

template <class Provider, class Stored, class BoxType, class Batch>
class MultiScaleRoiAlignRotatedKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"MultiScaleRoiAlignRotated",
            1,
            {{ort::kElementType<BoxType>},
             {ort::kElementType<Batch>},
             {ort::kElementType<int64_t>},
             {ort::kElementType<Stored>, ort::Arity::kVariadic}},
            {ort::kElementType<Stored>},
            [](const ort::ShapeInference& context) { InferPooledShape(context, kFirstMap, 0); }};
  }

  explicit MultiScaleRoiAlignRotatedKernel(const ort::KernelInfo& info)
      : attributes_(info), spatial_scales_(ReadPyramidScales(info, kFirstMap)) {
    Provider::template Prepare<Stored>();
  }

  void Compute(const ort::KernelContext& context) override {
    const std::vector<FeatureMap> maps = CheckedPyramid(context, kFirstMap, spatial_scales_);
    const BoxInputs inputs = {
        context.Input(0), "boxes", context.Input(1), "batch", attributes_.batch_is_counts, context.Input(2)};
    Provider::template Pool<Stored, BoxType, Batch>(context, maps, inputs, attributes_.pool);
  }

 private:
  const RotatedAttributes attributes_;
  const std::vector<float> spatial_scales_;
};

}  // namespace

void AddMultiScaleRoiAlignRotated(ort::OperatorList& list) {
  ort::AddOperator<MultiScaleRoiAlignRotatedKernel>(list, RotatedProviders(), PooledTypes());
}

}  // namespace roiops
