#include <cmath>

#include "nms_rotated/cpu/nms.h"
#include "nms_rotated/ops.h"
#include "ort/threads.h"
#include "rotated/attributes.h"

namespace roiops {
namespace {

double ReadThreshold(const ort::KernelInfo& info) {
  const std::optional<float> value = info.Float("iou_threshold");
  if (!value) Fail("attribute 'iou_threshold' is missing; it is required and must be between 0 and 1");
  if (!(*value >= 0 && *value <= 1)) {
    Fail("attribute 'iou_threshold' is ", *value, "; it must be between 0 and 1");
  }
  return double(*value);
}

NmsOptions ReadOptions(const ort::KernelInfo& info) {
  NmsOptions options = {};
  options.angle = ReadAngleRule(info, /*clockwise=*/true);
  options.iou =
      ort::ReadChoice(info, "iou", {"polygon", "gaussian"}) == 0 ? IouKind::kPolygon : IouKind::kGaussian;
  options.iou_threshold = ReadThreshold(info);
  options.inclusive = ort::ReadFlag(info, "inclusive", false);
  options.fast = ort::ReadChoice(info, "suppression", {"greedy", "fast"}) == 1;
  if (const std::optional<float> threshold = info.Float("score_threshold")) {
    if (!std::isfinite(*threshold)) {
      Fail("attribute 'score_threshold' is ", *threshold, "; it must be finite");
    }
    options.score_threshold = double(*threshold);
  }
  options.most_per_class = info.Int("max_output_boxes_per_class").value_or(0);
  return options;
}

template <class T>
NmsRequest<T> CheckedRequest(const ort::Tensor& boxes, const ort::Tensor& scores) {
  const std::vector<int64_t>&b = boxes.shape, &s = scores.shape;
  if (b.size() != 3 || b[2] != 5) {
    Fail("input 'boxes' has shape ", ort::ToString(b), "; it must be (images, number of boxes, 5)");
  }
  if (s.size() != 3 || s[0] != b[0] || s[2] != b[1]) {
    Fail("input 'scores' has shape ", ort::ToString(s), "; it must be (", b[0], ", classes, ", b[1],
         "), the images and the number of boxes of 'boxes'");
  }
  if (b[1] > INT32_MAX)
    Fail("input 'boxes' has shape ", ort::ToString(b), "; there must be fewer than 2^31 boxes");
  return {boxes.As<T>(), scores.As<T>(), s[0], s[1], s[2]};
}

template <class Provider, class T>
class NmsRotatedKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"NmsRotated",
            1,
            {{ort::kElementType<T>}, {ort::kElementType<T>}},
            {ort::kElementType<int64_t>},
            [](const ort::ShapeInference& context) {
              context.SetOutput(0, ort::kElementType<int64_t>, {{}, {3, ""}});
            }};
  }

  explicit NmsRotatedKernel(const ort::KernelInfo& info) : options_(ReadOptions(info)) {}

  void Compute(const ort::KernelContext& context) override {
    const NmsRequest<T> request = CheckedRequest<T>(context.Input(0), context.Input(1));
    const std::vector<KeptBox> kept = NmsRotated(request, options_, ort::SessionThreads(context));
    int64_t* output = static_cast<int64_t*>(context.Output(0, {int64_t(kept.size()), 3}));
    for (const KeptBox& box : kept) {
      *output++ = box.image;
      *output++ = box.class_index;
      *output++ = box.box;
    }
  }

 private:
  const NmsOptions options_;
};

}  // namespace

void AddNmsRotated(ort::OperatorList& list) {
  ort::AddOperator<NmsRotatedKernel>(list, ort::Types<ort::Cpu>(), ort::FloatTypes());
}

}  // namespace roiops
