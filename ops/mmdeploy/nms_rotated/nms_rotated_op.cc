#include <cmath>

#include "mmdeploy/attributes.h"
#include "mmdeploy/ops.h"
#include "nms_rotated/cpu/provider.h"

namespace roiops::mmdeploy {
namespace {

template <class Provider>
class NmsRotatedKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"NMSRotated",
            1,
            {{ort::kElementType<float>}, {ort::kElementType<float>}},
            {ort::kElementType<int64_t>},
            [](const ort::ShapeInference& context) {
              context.SetOutput(0, ort::kElementType<int64_t>, {{}, {3, ""}});
            }};
  }

  explicit NmsRotatedKernel(const ort::KernelInfo& info)
      : options_{/*angle=*/{/*clockwise=*/true, /*degrees=*/false},
                 IouKind::kPolygon,
                 double(RequiredFloat(info, "iou_threshold", 0, 1)),
                 /*inclusive=*/false,
                 /*fast=*/false,
                 double(RequiredFloat(info, "score_threshold", -INFINITY, INFINITY)),
                 /*most_per_class=*/0} {}

  void Compute(const ort::KernelContext& context) override {
    Provider::template Run<float>(context, options_);
  }

 private:
  const NmsOptions options_;
};

}  // namespace

void AddNmsRotated(ort::OperatorList& list) {
  ort::AddOperator<NmsRotatedKernel>(list, NmsRotatedProviders(), ort::TypeList<ort::Types<>>());
}

}  // namespace roiops::mmdeploy
