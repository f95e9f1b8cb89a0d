#include <type_traits>

#include "heatmaps_to_keypoints/axis.h"
#include "heatmaps_to_keypoints/cpu/keypoints.h"
#include "heatmaps_to_keypoints/ops.h"
#include "ort/attributes.h"
#include "ort/threads.h"
#include "roi/infer.h"
#include "roi/inputs.h"
#if defined(ROIOPS_CUDA)
#include "cuda/errors.h"
#include "heatmaps_to_keypoints/cuda/request.h"
#endif

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

// ---- Providers: each prepares its kernels, and finds keypoints of maps of checked shapes.

struct CpuKeypoints : ort::Cpu {
  template <class Stored>
  static void Prepare() {}

  template <class Stored, class BoxType>
  static void Find(const ort::KernelContext& context, const KeypointRequest<Stored, BoxType>& request,
                   KeypointConvention convention) {
    CheckBoxesFinite(request.boxes, request.count, "rois");
    CheckSides(request.boxes, request.count);
    HeatmapsToKeypoints(request, convention, ort::SessionThreads(context));
  }
};

#if defined(ROIOPS_CUDA)
struct CudaKeypoints : ort::Cuda {
  template <class Stored>
  static void Prepare() {
    CheckKernelsLoad(LoadCudaKeypoints<Stored>());
  }

  // All tensors are on the device, so the values of boxes are not checked.
  template <class Stored, class BoxType>
  static void Find(const ort::KernelContext& context, const KeypointRequest<Stored, BoxType>& from,
                   KeypointConvention convention) {
    CudaKeypointRequest request = {};
    request.maps = from.maps;
    request.boxes = from.boxes;
    request.float_boxes = std::is_same_v<BoxType, float>;
    request.points = from.points;
    request.scores = from.scores;
    request.count = from.count;
    request.keypoints = from.keypoints;
    request.height = from.height;
    request.width = from.width;
    request.convention = convention;
    if (request.count == 0 || request.keypoints == 0) return;
    CheckLaunch(LaunchCudaKeypoints<Stored>(request, context.GpuStream()));
  }
};
using KeypointProviders = ort::Types<CpuKeypoints, CudaKeypoints>;
#else
using KeypointProviders = ort::Types<CpuKeypoints>;
#endif

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
                        : KeypointConvention::kDetectron2) {
    Provider::template Prepare<Stored>();
  }

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor maps = context.Input(0);
    const ort::Tensor rois = context.Input(1);
    const int64_t count = CheckedBoxCount(rois, "rois");
    CheckMaps(maps, count);
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
    Provider::Find(context, request, convention_);
  }

 private:
  const KeypointConvention convention_;
};

}  // namespace

void AddHeatmapsToKeypoints(ort::OperatorList& list) {
  ort::AddOperator<HeatmapsToKeypointsKernel>(list, KeypointProviders(), BoxTypes());
}

}  // namespace roiops
