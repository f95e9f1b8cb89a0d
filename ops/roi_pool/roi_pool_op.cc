#include "ort/attributes.h"
#include "ort/threads.h"
#include "roi/infer.h"
#include "roi/inputs.h"
#include "roi_pool/cpu/pool.h"
#include "roi_pool/ops.h"

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
      : output_{ort::ReadExtent(info, "output_height"), ort::ReadExtent(info, "output_width")},
        batch_is_counts_(ort::ReadChoice(info, "batch_format", {"boxes_num", "batch_indices"}) == 0),
        spatial_scale_(ort::CheckedScale("spatial_scale", info.Float("spatial_scale").value_or(1.0f))) {}

  void Compute(const ort::KernelContext& context) override {
    const FeatureMap map = CheckedMap(context.Input(0), "X", spatial_scale_);
    const ort::Tensor boxes = context.Input(1);
    const int64_t count = CheckedBoxCount(boxes, "boxes");
    const std::vector<int64_t> images =
        ImagesOfBoxes<Batch>(context.Input(2), "batch", batch_is_counts_, map.images, count);
    CheckBoxesFinite(boxes.As<BoxType>(), count, "boxes");
    const std::vector<int64_t> shape = CheckedOutputShape(count, map.channels, output_, sizeof(Stored));
    const RoiPoolRequest<Stored, BoxType> request = {map,     boxes.As<BoxType>(),
                                                     count,   images.data(),
                                                     output_, static_cast<Stored*>(context.Output(0, shape))};
    RoiPool(request, ort::SessionThreads(context));
  }

 private:
  const OutputSize output_;
  const bool batch_is_counts_;
  const float spatial_scale_;
};

}  // namespace

void AddRoiPool(ort::OperatorList& list) {
  ort::AddOperator<RoiPoolKernel>(list, ort::Types<ort::Cpu>(), PooledTypes());
}

}  // namespace roiops
