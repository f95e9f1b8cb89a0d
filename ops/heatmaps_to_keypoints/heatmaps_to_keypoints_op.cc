#include "heatmaps_to_keypoints/axis.h"
#include "heatmaps_to_keypoints/cpu/keypoints.h"
#include "heatmaps_to_keypoints/ops.h"
#include "ort/attributes.h"
#include "ort/threads.h"
#include "roi/infer.h"
#include "roi/inputs.h"

namespace roiops {
namespace {

void Infer(const ort::ShapeInference& context) {
  const std::vector<ort::Dimension> maps = context.Input(0);
  if (maps.size() != 4) return;
  const int64_t columns = context.String("convention").value_or("torchvision") == "detectron2" ? 4 : 3;
  const ONNXTensorElementDataType type = context.InputType(1);
  context.SetOutput(0, type, {maps[0], maps[1], {columns, ""}});
  context.SetOutput(1, type, {maps[0], maps[1]});
}

void CheckMaps(const ort::Tensor& maps, int64_t count) {
  const std::vector<int64_t>& shape = maps.shape;
  if (shape.size() != 4 || shape[0] != count) {
    Fail("input 'maps' has shape ", ort::ToString(shape), "; it must be (", count,
         ", keypoints, height, width), the maps of each box");
  }
  const int64_t least = count && shape[1] ? 1 : 0;
  for (const int64_t extent : {shape[2], shape[3]}) {
    if (extent < least || extent > kMaxKeypointSide) {
      Fail("input 'maps' has shape ", ort::ToString(shape), "; maps must have 1 to ", kMaxKeypointSide,
           " pixels per axis");
    }
  }
}

template <class BoxType>
void CheckSides(const BoxType* boxes, int64_t count) {
  for (int64_t k = 0; k < count; ++k) {
    const BoxType* box = boxes + 4 * k;
    const auto width = KeypointSide(ToFloat(box[0]), ToFloat(box[2]));
    const auto height = KeypointSide(ToFloat(box[1]), ToFloat(box[3]));
    if (width > kMaxKeypointSide || height > kMaxKeypointSide) {
      Fail("input 'rois': box ", k, " is ", width, " wide and ", height, " high; boxes must have at most ",
           kMaxKeypointSide, " pixels per axis");
    }
  }
}

template <class Provider, class Stored, class BoxType>
class HeatmapsToKeypointsKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"HeatmapsToKeypoints",
            1,
            {{ort::kElementType<Stored>}, {ort::kElementType<BoxType>}},
            {ort::kElementType<BoxType>, ort::kElementType<BoxType>},
            Infer};
  }

  explicit HeatmapsToKeypointsKernel(const ort::KernelInfo& info)
      : convention_(ort::ReadChoice(info, "convention", {"torchvision", "detectron2"}) == 0
                        ? KeypointConvention::kTorchvision
                        : KeypointConvention::kDetectron2) {}

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor maps = context.Input(0);
    const ort::Tensor rois = context.Input(1);
    const int64_t count = CheckedBoxCount(rois, "rois");
    CheckMaps(maps, count);
    CheckBoxesFinite(rois.As<BoxType>(), count, "rois");
    CheckSides(rois.As<BoxType>(), count);
    const int64_t keypoints = maps.shape[1];
    const int64_t columns = convention_ == KeypointConvention::kTorchvision ? 3 : 4;
    const KeypointRequest<Stored, BoxType> request = {
        maps.As<Stored>(),
        rois.As<BoxType>(),
        count,
        keypoints,
        maps.shape[2],
        maps.shape[3],
        static_cast<BoxType*>(context.Output(0, {count, keypoints, columns})),
        static_cast<BoxType*>(context.Output(1, {count, keypoints}))};
    HeatmapsToKeypoints(request, convention_, ort::SessionThreads(context));
  }

 private:
  const KeypointConvention convention_;
};

}  // namespace

void AddHeatmapsToKeypoints(ort::OperatorList& list) {
  ort::AddOperator<HeatmapsToKeypointsKernel>(list, ort::Types<ort::Cpu>(), BoxTypes());
}

}  // namespace roiops
