#include "mmdeploy/attributes.h"
#include "mmdeploy/cumulative/lines.h"
#include "mmdeploy/inputs.h"
#include "mmdeploy/ops.h"
#include "ort/threads.h"

namespace roiops::mmdeploy {
namespace {

enum Mode : int64_t { kTop, kBottom, kLeft, kRight };

// The running maximum of each line from its beginning, or from its end; once NaN, then NaN.
void RunningMaximum(const float* x, const Lines& lines, bool from_end, float* output,
                    const ParallelFor& parallel_for) {
  ForEachLines(lines, parallel_for, [&](int64_t offset, int64_t count) {
    const int64_t step = from_end ? -lines.inner : lines.inner;
    int64_t here = from_end ? offset + (lines.length - 1) * lines.inner : offset;
    std::copy_n(x + here, count, output + here);
    for (int64_t i = 1; i < lines.length; ++i) {
      here += step;
      for (int64_t j = 0; j < count; ++j) {
        const float next = x[here + j], best = output[here + j - step];
        output[here + j] = best >= next || best != best ? best : next;
      }
    }
  });
}

template <class Provider>
class CornerPoolKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"MMCVCornerPool",
            1,
            {{ort::kElementType<float>}},
            {ort::kElementType<float>},
            [](const ort::ShapeInference& context) {
              const std::vector<ort::Dimension> shape = context.Input(0);
              if (shape.size() == 4) context.SetOutput(0, ort::kElementType<float>, shape);
            }};
  }

  explicit CornerPoolKernel(const ort::KernelInfo& info) : mode_(Mode(RequiredInt(info, "mode", 0, 3))) {}

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor x = context.Input(0);
    CheckShape(x, "x", {kAny, kAny, kAny, kAny}, "(images, channels, height, width)");
    const int64_t planes = x.shape[0] * x.shape[1], height = x.shape[2], width = x.shape[3];
    const Lines lines =
        mode_ == kTop || mode_ == kBottom ? Lines{planes, height, width} : Lines{planes * height, width, 1};
    float* output = static_cast<float*>(context.Output(0, x.shape));
    RunningMaximum(x.As<float>(), lines, mode_ == kTop || mode_ == kLeft, output,
                   ort::SessionThreads(context));
  }

 private:
  const Mode mode_;
};

}  // namespace

void AddCornerPool(ort::OperatorList& list) {
  ort::AddOperator<CornerPoolKernel>(list, ort::Types<ort::Cpu>(), ort::TypeList<ort::Types<>>());
}

}  // namespace roiops::mmdeploy
