#include <algorithm>
#include <cmath>
#include <type_traits>

#include "ort/attributes.h"
#include "ort/threads.h"
#include "paste_masks/cpu/paste.h"
#include "paste_masks/ops.h"
#include "roi/infer.h"
#include "roi/inputs.h"
#if defined(ROIOPS_CUDA)
#include "cuda/errors.h"
#include "paste_masks/cuda/request.h"
#endif

namespace roiops {
namespace {

constexpr int64_t kMaxMaskExtent = INT32_MAX - 3;

// The type of `pasted` is an attribute's affair, which ONNX Runtime before 1.19 cannot be told.
void Infer(const ort::ShapeInference& context) {
  const std::string output = context.String("output").value_or("soft");
  ONNXTensorElementDataType type = context.InputType(0);
  if (output == "bool") type = ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL;
  if (output == "uint8") type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
  const std::vector<ort::Dimension> boxes = context.Input(1);
  const ort::Dimension count = boxes.size() == 2 ? boxes[0] : ort::Dimension();
  context.SetOutput(0, type, {count, {}, {}});
}

struct MaskShape {
  int64_t height;
  int64_t width;
};

MaskShape CheckedMasks(const ort::Tensor& masks, int64_t count) {
  const std::vector<int64_t>& shape = masks.shape;
  const bool right = shape.size() == 3 || (shape.size() == 4 && shape[1] == 1);
  if (!right || shape[0] != count) {
    Fail("input 'masks' has shape ", ort::ToString(shape), "; it must be (", count, ", height, width) or (",
         count, ", 1, height, width), one mask per box");
  }
  const MaskShape mask = {shape[shape.size() - 2], shape[shape.size() - 1]};
  const int64_t least = count ? 1 : 0;
  if (std::min(mask.height, mask.width) < least || std::max(mask.height, mask.width) > kMaxMaskExtent) {
    Fail("input 'masks' has shape ", ort::ToString(shape), "; masks must have 1 to ", kMaxMaskExtent,
         " pixels per axis");
  }
  return mask;
}

std::vector<int64_t> CheckedResultShape(const ort::Tensor& image_size, int64_t count, int64_t element_size) {
  CheckVector(image_size, "image_size", 2, "height and width of the image");
  const int64_t* size = image_size.As<int64_t>();
  const std::vector<int64_t> shape = {count, size[0], size[1]};
  if (size[0] < 0 || size[1] < 0) {
    Fail("input 'image_size' is ", ort::ToString({size[0], size[1]}), "; it must not be negative");
  }
  int64_t bytes = element_size;
  bool overflows = false;
  for (const int64_t extent : {size[0], size[1], count}) {
    overflows = overflows || __builtin_mul_overflow(bytes, extent, &bytes);
  }
  if (overflows) {
    Fail("input 'image_size' is ", ort::ToString({size[0], size[1]}), "; output 0 would have shape ",
         ort::ToString(shape), " and must have fewer than 2^63 bytes");
  }
  return shape;
}

// ---- Providers: each prepares its kernels, and pastes masks of checked shapes.

struct CpuPaste : ort::Cpu {
  template <class Stored>
  static void Prepare() {}

  template <class Stored, class BoxType>
  static void Paste(const ort::KernelContext& context, const PasteRequest<Stored, BoxType>& request,
                    const PasteOptions& options) {
    CheckBoxesFinite(request.boxes, request.count, "boxes");
    PasteMasks(request, options, ort::SessionThreads(context));
  }
};

#if defined(ROIOPS_CUDA)
struct CudaPaste : ort::Cuda {
  template <class Stored>
  static void Prepare() {
    CheckKernelsLoad(LoadCudaPasteMasks<Stored>());
  }

  // Masks, boxes and output are on the device, so the values of boxes are not checked.
  template <class Stored, class BoxType>
  static void Paste(const ort::KernelContext& context, const PasteRequest<Stored, BoxType>& from,
                    const PasteOptions& options) {
    CudaPasteRequest request = {};
    request.masks = from.masks;
    request.boxes = from.boxes;
    request.float_boxes = std::is_same_v<BoxType, float>;
    request.output = from.output;
    request.count = from.count;
    request.mask_height = from.mask_height;
    request.mask_width = from.mask_width;
    request.image_height = from.image_height;
    request.image_width = from.image_width;
    request.options = options;
    ChooseBands(request, options.output == PasteOutput::kSoft ? sizeof(Stored) : 1);
    if (request.work_items) CheckLaunch(LaunchCudaPasteMasks<Stored>(request, context.GpuStream()));
  }
};
using PasteProviders = ort::Types<CpuPaste, CudaPaste>;
#else
using PasteProviders = ort::Types<CpuPaste>;
#endif

template <class Provider, class Stored, class BoxType, class Out>
class PasteMasksKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"PasteMasks",
            1,
            {{ort::kElementType<Stored>},
             {ort::kElementType<BoxType>},
             {ort::kElementType<int64_t>, ort::Arity::kRequired, /*on_host=*/true}},
            {ort::kElementType<Out>},
            Infer};
  }

  explicit PasteMasksKernel(const ort::KernelInfo& info) {
    constexpr PasteConvention kConventions[] = {PasteConvention::kTorchvision, PasteConvention::kDetectron2,
                                                PasteConvention::kMmdetection};
    constexpr PasteOutput kOutputs[] = {PasteOutput::kSoft, PasteOutput::kBinary, PasteOutput::kBytes};
    options_.convention =
        kConventions[ort::ReadChoice(info, "convention", {"torchvision", "detectron2", "mmdetection"})];
    options_.output = kOutputs[ort::ReadChoice(info, "output", {"soft", "bool", "uint8"})];
    options_.threshold = info.Float("threshold").value_or(0.5f);
    if (!std::isfinite(options_.threshold) || options_.threshold < 0) {
      Fail("attribute 'threshold' is ", options_.threshold, "; it must be finite and at least 0");
    }
    constexpr PasteOutput kOutput = std::is_same_v<Out, bool>      ? PasteOutput::kBinary
                                    : std::is_same_v<Out, uint8_t> ? PasteOutput::kBytes
                                                                   : PasteOutput::kSoft;
    if (options_.output != kOutput) {
      Fail("attribute 'output' is other than \"soft\", which needs ONNX Runtime 1.19 or newer");
    }
    Provider::template Prepare<Stored>();
  }

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor masks = context.Input(0);
    const ort::Tensor boxes = context.Input(1);
    const int64_t count = CheckedBoxCount(boxes, "boxes");
    const MaskShape mask = CheckedMasks(masks, count);
    const std::vector<int64_t> shape = CheckedResultShape(context.Input(2), count, sizeof(Out));
    const PasteRequest<Stored, BoxType> request = {
        masks.As<Stored>(), boxes.As<BoxType>(),     count, mask.height, mask.width, shape[1],
        shape[2],           context.Output(0, shape)};
    Provider::Paste(context, request, options_);
  }

 private:
  PasteOptions options_;
};

// Each combination with each type of output; ONNX Runtime before 1.19 takes the first one.
template <class Combinations>
struct EachOutput;
template <class... Combinations>
struct EachOutput<ort::TypeList<Combinations...>> {
  static void Add(ort::OperatorList& list) { (AddOutputs(list, Combinations()), ...); }

 private:
  template <class Stored, class BoxType>
  static void AddOutputs(ort::OperatorList& list, ort::Types<Stored, BoxType>) {
    using Outputs = ort::TypeList<ort::Types<Stored, BoxType, Stored>, ort::Types<Stored, BoxType, bool>,
                                  ort::Types<Stored, BoxType, uint8_t>>;
    ort::AddOperator<PasteMasksKernel>(list, PasteProviders(), Outputs());
  }
};

}  // namespace

void AddPasteMasks(ort::OperatorList& list) { EachOutput<BoxTypes>::Add(list); }

}  // namespace roiops
