#include "roi_align/multi_scale_roi_align_op.h"

#include "roi/infer.h"
#include "roi/inputs.h"
#include "roi_align/cuda/provider.h"
#include "roi_align/options.h"

namespace roiops {
namespace {

constexpr size_t kFirstMap = 3;

std::vector<float> CheckedScales(const ort::KernelInfo& info) {
  const size_t inputs = info.InputCount();
  if (inputs <= kFirstMap) Fail("input 'X_0' is missing; there must be at least one feature map");
  const size_t maps = inputs - kFirstMap;
  const std::optional<std::vector<float>> scales = info.Floats("spatial_scales");
  if (!scales)
    Fail("attribute 'spatial_scales' is missing; it is required and must have one scale per feature map");
  if (scales->size() != maps) {
    Fail("attribute 'spatial_scales' has ", scales->size(), " elements; it must have one for each of the ",
         maps, " feature maps");
  }
  for (const float scale : *scales) CheckedSpatialScale("spatial_scales", scale);
  return *scales;
}

template <class Provider, class Stored, class BoxType, class Batch>
class MultiScaleRoiAlignKernel : public ort::Kernel {
 public:
  explicit MultiScaleRoiAlignKernel(const ort::KernelInfo& info)
      : attributes_(info), spatial_scales_(CheckedScales(info)) {
    Provider::template Prepare<Stored>();
  }

  void Compute(const ort::KernelContext& context) override {
    const std::vector<FeatureMap> maps = CheckedMaps(context);
    const BoxInputs inputs = {
        context.Input(0), "boxes", context.Input(1), "batch", attributes_.batch_is_counts, context.Input(2)};
    Provider::template Pool<Stored, BoxType, Batch>(context, maps, inputs, attributes_.pool);
  }

 private:
  std::vector<FeatureMap> CheckedMaps(const ort::KernelContext& context) const {
    std::vector<FeatureMap> maps;
    for (size_t level = 0; level < spatial_scales_.size(); ++level) {
      const std::string name = "X_" + std::to_string(level);
      maps.push_back(CheckedMap(context.Input(kFirstMap + level), name.c_str(), spatial_scales_[level]));
      const FeatureMap& map = maps.back();
      if (map.images != maps[0].images || map.channels != maps[0].channels) {
        Fail("input '", name, "' has ", map.images, " images of ", map.channels,
             " channels; all feature maps must have the ", maps[0].images, " images of ", maps[0].channels,
             " channels that 'X_0' has");
      }
    }
    return maps;
  }

  const RoiAlignAttributes attributes_;
  const std::vector<float> spatial_scales_;
};

void Infer(const ort::ShapeInference& context) {
  InferPooledShape(context, /*map_input=*/kFirstMap, /*boxes_input=*/0);
}

template <class Provider>
void Add(std::vector<ort::CustomOp>& operators) {
  ForEachSignature([&](auto stored, auto box, auto batch) {
    using Stored = typename decltype(stored)::Type;
    using BoxType = typename decltype(box)::Type;
    using Batch = typename decltype(batch)::Type;
    operators.push_back(
        ort::CustomOp({"MultiScaleRoiAlign",
                       Provider::kName,
                       1,
                       {{ort::ElementType<BoxType>::value},
                        {ort::ElementType<Batch>::value},
                        {ort::ElementType<int64_t>::value},
                        {ort::ElementType<Stored>::value, /*variadic=*/true}},
                       ort::ElementType<Stored>::value,
                       ort::Create<MultiScaleRoiAlignKernel<Provider, Stored, BoxType, Batch>>,
                       Infer}));
  });
}

}  // namespace

void AddMultiScaleRoiAlign(std::vector<ort::CustomOp>& operators) {
  Add<CpuProvider>(operators);
#if defined(ROIOPS_CUDA)
  Add<CudaProvider>(operators);
#endif
}

}  // namespace roiops
