#include "roi_align/standard_roi_align_op.h"

#include <algorithm>
#include <cctype>

#include "roi/infer.h"
#include "roi/inputs.h"
#include "roi_align/cuda/provider.h"
#include "roi_align/options.h"

namespace roiops {
namespace {

// ONNX Runtime takes the mode in any case.
Pooling ReadMode(const ort::KernelInfo& info) {
  const std::string found = info.String("mode").value_or("avg");
  std::string mode = found;
  std::transform(mode.begin(), mode.end(), mode.begin(),
                 [](unsigned char c) { return char(std::tolower(c)); });
  if (mode == "avg") return Pooling::kAverage;
  if (mode == "max") return Pooling::kMaxOfCorners;
  Fail("attribute 'mode' is ", Quoted(found), "; it must be \"avg\" or \"max\"");
}

bool ReadHalfPixel(const ort::KernelInfo& info) {
  const std::string mode = info.String("coordinate_transformation_mode").value_or("half_pixel");
  if (mode == "half_pixel") return true;
  if (mode == "output_half_pixel") return false;
  Fail("attribute 'coordinate_transformation_mode' is ", Quoted(mode),
       "; it must be \"half_pixel\" or \"output_half_pixel\"");
}

int64_t ReadSamplingRatio(const ort::KernelInfo& info) {
  const int64_t ratio = info.Int("sampling_ratio").value_or(0);
  if (ratio < 0) Fail("attribute 'sampling_ratio' is ", ratio, "; it must not be negative");
  return ratio;
}

template <class Provider, class Stored>
class StandardRoiAlignKernel : public ort::Kernel {
 public:
  explicit StandardRoiAlignKernel(const ort::KernelInfo& info)
      : spatial_scale_(CheckedSpatialScale("spatial_scale", info.Float("spatial_scale").value_or(1.0f))) {
    options_.output.height = CheckedOutputExtent("output_height", info.Int("output_height").value_or(1));
    options_.output.width = CheckedOutputExtent("output_width", info.Int("output_width").value_or(1));
    options_.rule = {ReadHalfPixel(info), ReadSamplingRatio(info)};
    options_.pooling = ReadMode(info);
    Provider::template Prepare<Stored>();
  }

  void Compute(const ort::KernelContext& context) override {
    const FeatureMap map = CheckedMap(context.Input(0), "X", spatial_scale_);
    const BoxInputs inputs = {context.Input(1),          "rois",      context.Input(2), "batch_indices",
                              /*batch_is_counts=*/false, std::nullopt};
    Provider::template Pool<Stored, Stored, int64_t>(context, {map}, inputs, options_);
  }

 private:
  PoolOptions options_;
  const float spatial_scale_;
};

void Infer(const ort::ShapeInference& context) {
  const auto extent = [&](const char* name) { return std::max<int64_t>(1, context.IntAttribute(name)); };
  const std::vector<ort::Dimension> map = context.Input(0);
  const std::vector<ort::Dimension> rois = context.Input(1);
  if (map.size() != 4 || rois.size() != 2) return;
  context.SetOutput(context.InputType(0),
                    {rois[0], map[1], {extent("output_height"), ""}, {extent("output_width"), ""}});
}

template <class Provider, class Stored>
ort::CustomOp Describe() {
  constexpr ONNXTensorElementDataType kType = ort::ElementType<Stored>::value;
  // Opsets before 16 have other defaults, which an operator cannot see; they stay with the built-in kernel.
  return ort::CustomOp({"RoiAlign",
                        Provider::kName,
                        16,
                        {{kType}, {kType}, {ort::ElementType<int64_t>::value}},
                        kType,
                        ort::Create<StandardRoiAlignKernel<Provider, Stored>>,
                        Infer});
}

template <class Provider>
void Add(std::vector<ort::CustomOp>& operators) {
  operators.push_back(Describe<Provider, float>());
  operators.push_back(Describe<Provider, double>());
  operators.push_back(Describe<Provider, Half>());
  operators.push_back(Describe<Provider, BFloat16>());
}

}  // namespace

void AddStandardRoiAlign(std::vector<ort::CustomOp>& operators) {
  Add<CpuProvider>(operators);
#if defined(ROIOPS_CUDA)
  Add<CudaProvider>(operators);
#endif
}

}  // namespace roiops
