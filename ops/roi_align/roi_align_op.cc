#include "roi_align/roi_align_op.h"

#include "roi/infer.h"
#include "roi/inputs.h"
#include "roi_align/cuda/provider.h"
#include "roi_align/options.h"

namespace roiops {
namespace {

template <class Provider, class Stored, class BoxType, class Batch>
class RoiAlignKernel : public ort::Kernel {
 public:
  explicit RoiAlignKernel(const ort::KernelInfo& info)
      : attributes_(info),
        spatial_scale_(CheckedSpatialScale("spatial_scale", info.Float("spatial_scale").value_or(1.0f))) {
    Provider::template Prepare<Stored>();
  }

  void Compute(const ort::KernelContext& context) override {
    const FeatureMap map = CheckedMap(context.Input(0), "X", spatial_scale_);
    const BoxInputs inputs = {
        context.Input(1), "boxes", context.Input(2), "batch", attributes_.batch_is_counts, std::nullopt};
    Provider::template Pool<Stored, BoxType, Batch>(context, {map}, inputs, attributes_.pool);
  }

 private:
  const RoiAlignAttributes attributes_;
  const float spatial_scale_;
};

void Infer(const ort::ShapeInference& context) {
  InferPooledShape(context, /*map_input=*/0, /*boxes_input=*/1);
}

template <class Provider>
void Add(std::vector<ort::CustomOp>& operators) {
  ForEachSignature([&](auto stored, auto box, auto batch) {
    using Stored = typename decltype(stored)::Type;
    using BoxType = typename decltype(box)::Type;
    using Batch = typename decltype(batch)::Type;
    operators.push_back(ort::CustomOp({"RoiAlign",
                                       Provider::kName,
                                       1,
                                       {{ort::ElementType<Stored>::value},
                                        {ort::ElementType<BoxType>::value},
                                        {ort::ElementType<Batch>::value}},
                                       ort::ElementType<Stored>::value,
                                       ort::Create<RoiAlignKernel<Provider, Stored, BoxType, Batch>>,
                                       Infer}));
  });
}

}  // namespace

void AddRoiAlign(std::vector<ort::CustomOp>& operators) {
  Add<CpuProvider>(operators);
#if defined(ROIOPS_CUDA)
  Add<CudaProvider>(operators);
#endif
}

}  // namespace roiops
