#include "mmdeploy/attributes.h"
#include "mmdeploy/nms/boxes.h"
#include "mmdeploy/nms/inputs.h"
#include "mmdeploy/ops.h"

namespace roiops::mmdeploy {
namespace {

template <class Provider>
class NmsKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {
        "NonMaxSuppression",
        1,
        {{ort::kElementType<float>}, {ort::kElementType<float>}},
        {ort::kElementType<int64_t>},
        [](const ort::ShapeInference& context) { context.SetOutput(0, ort::kElementType<int64_t>, {{}}); }};
  }

  explicit NmsKernel(const ort::KernelInfo& info)
      : threshold_(double(RequiredFloat(info, "iou_threshold", 0, 1))),
        offset_(RequiredFlag(info, "offset") ? 1 : 0) {}

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor boxes = context.Input(0), scores = context.Input(1);
    const int64_t count = CheckedBoxesAndScores(boxes, scores);
    const std::vector<UprightBox> all = ReadBoxes(boxes.As<float>(), count, offset_);
    std::vector<int32_t> kept = ByScore(scores.As<float>(), count);
    for (size_t i = 0; i < kept.size(); ++i) {
      const UprightBox& box = all[size_t(kept[i])];
      RemoveAfter(kept, i, [&](int32_t j) { return Iou(box, all[size_t(j)], offset_) > threshold_; });
    }
    std::copy(kept.begin(), kept.end(), static_cast<int64_t*>(context.Output(0, {int64_t(kept.size())})));
  }

 private:
  const double threshold_;
  const double offset_;
};

}  // namespace

void AddNms(ort::OperatorList& list) {
  ort::AddOperator<NmsKernel>(list, ort::Types<ort::Cpu>(), ort::TypeList<ort::Types<>>());
}

}  // namespace roiops::mmdeploy
