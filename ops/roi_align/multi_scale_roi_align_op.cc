#include "ort/attributes.h"
#include "pooling/providers.h"
#include "roi/infer.h"
#include "roi_align/ops.h"
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
  for (const float scale : *scales) ort::CheckedScale("spatial_scales", scale);
  return *scales;
}

template <class Provider, class Stored, class BoxType, class Batch>
class MultiScaleRoiAlignKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"MultiScaleRoiAlign",
            1,
            {{ort::kElementType<BoxType>},
             {ort::kElementType<Batch>},
             {ort::kElementType<int64_t>},
             {ort::kElementType<Stored>, ort::Arity::kVariadic}},
            {ort::kElementType<Stored>},
            [](const ort::ShapeInference& context) { InferPooledShape(context, kFirstMap, 0); }};
  }

  explicit MultiScaleRoiAlignKernel(const ort::KernelInfo& info)
      : attributes_(info), spatial_scales_(CheckedScales(info)) {
    Provider::template Prepare<SamplingRule, Stored>();
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

}  // namespace

void AddMultiScaleRoiAlign(ort::OperatorList& list) {
  ort::AddOperator<MultiScaleRoiAlignKernel>(list, PoolingProviders(), PooledTypes());
}

}  // namespace roiops
