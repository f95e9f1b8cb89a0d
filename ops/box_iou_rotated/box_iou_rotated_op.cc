#include "box_iou_rotated/cpu/box_iou.h"
#include "box_iou_rotated/ops.h"
#include "ort/threads.h"
#include "roi/inputs.h"
#include "rotated/attributes.h"

namespace roiops {
namespace {

template <class Provider, class T>
class BoxIouRotatedKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"BoxIouRotated",
            1,
            {{ort::kElementType<T>}, {ort::kElementType<T>}},
            {ort::kElementType<T>},
            [](const ort::ShapeInference& context) {
              const std::vector<ort::Dimension> a = context.Input(0), b = context.Input(1);
              if (a.size() == 2 && b.size() == 2) context.SetOutput(0, context.InputType(0), {a[0], b[0]});
            }};
  }

  explicit BoxIouRotatedKernel(const ort::KernelInfo& info)
      : mode_(ort::ReadChoice(info, "mode", {"iou", "iof"}) == 0 ? IouMode::kIou : IouMode::kIof),
        angle_(ReadAngleRule(info, /*clockwise=*/true)) {}

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor a = context.Input(0), b = context.Input(1);
    BoxIouRequest<T> request = {};
    request.a_count = CheckedBoxCount(a, "a", 5);
    request.b_count = CheckedBoxCount(b, "b", 5);
    request.a = a.As<T>();
    request.b = b.As<T>();
    request.output = static_cast<T*>(context.Output(0, {request.a_count, request.b_count}));
    BoxIouRotated(request, mode_, angle_, ort::SessionThreads(context));
  }

 private:
  const IouMode mode_;
  const AngleRule angle_;
};

}  // namespace

void AddBoxIouRotated(ort::OperatorList& list) {
  ort::AddOperator<BoxIouRotatedKernel>(list, ort::Types<ort::Cpu>(), ort::FloatTypes());
}

}  // namespace roiops
