#include "roi_align/roi_align_op.h"

#include "roi_align/attributes.h"
#include "roi_align/compute.h"
#include "roi_align/signatures.h"

namespace roiops {
namespace {

template <class Stored, class BoxType, class Batch>
class RoiAlignKernel : public ort::Kernel {
 public:
  explicit RoiAlignKernel(const ort::KernelInfo& info)
      : attributes_(info),
        spatial_scale_(CheckedSpatialScale("spatial_scale", info.Float("spatial_scale").value_or(1.0f))) {}

  void Compute(const ort::KernelContext& context) override {
    const FeatureMap map = CheckedMap(context.Input(0), "X", spatial_scale_);
    const ort::Tensor boxes = context.Input(1);
    const int64_t count = CheckedBoxCount(boxes, "boxes");
    const std::vector<int64_t> images =
        ImagesOfBoxes<Batch>(context.Input(2), "batch", attributes_.batch_is_counts, map.images, count);
    ComputePooling<Stored, BoxType>(context, {map}, boxes, "boxes", images, nullptr, attributes_.pool);
  }

 private:
  const RoiAlignAttributes attributes_;
  const float spatial_scale_;
};

void Infer(const ort::ShapeInference& context) {
  InferPooledShape(context, /*map_input=*/0, /*boxes_input=*/1);
}

}  // namespace

void AddRoiAlign(std::vector<ort::CustomOp>& operators) {
  ForEachSignature([&](auto stored, auto box, auto batch) {
    using Stored = typename decltype(stored)::Type;
    using BoxType = typename decltype(box)::Type;
    using Batch = typename decltype(batch)::Type;
    operators.push_back(ort::CustomOp({"RoiAlign",
                                       nullptr,
                                       1,
                                       {{ort::ElementType<Stored>::value},
                                        {ort::ElementType<BoxType>::value},
                                        {ort::ElementType<Batch>::value}},
                                       ort::ElementType<Stored>::value,
                                       ort::Create<RoiAlignKernel<Stored, BoxType, Batch>>,
                                       Infer}));
  });
}

}  // namespace roiops
