#include <cmath>

#include "nms_rotated/cpu/provider.h"
#include "nms_rotated/ops.h"
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

  void Compute(const ort::KernelContext& context) override { Provider::template Run<T>(context, options_); }

 private:
  const NmsOptions options_;
};

}  // namespace

void AddNmsRotated(ort::OperatorList& list) {
  ort::AddOperator<NmsRotatedKernel>(list, NmsRotatedProviders(), ort::FloatTypes());
}

}  // namespace roiops
