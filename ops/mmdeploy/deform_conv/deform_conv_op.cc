#include "mmdeploy/attributes.h"
#include "mmdeploy/deform_conv/convolve.h"
#include "mmdeploy/inputs.h"
#include "mmdeploy/ops.h"

namespace roiops::mmdeploy {
namespace {

// The places of a node's inputs; those it cannot have are negative.
struct DeformConv {
  static constexpr const char* kName = "MMCVDeformConv2d";
  static constexpr int kMask = -1, kWeight = 2, kBias = -1;
};
struct ModulatedDeformConv {
  static constexpr const char* kName = "MMCVModulatedDeformConv2d";
  static constexpr int kMask = 2, kWeight = 3, kBias = 4;
};

struct Attributes {
  std::vector<int64_t> stride;
  std::vector<int64_t> padding;
  std::vector<int64_t> dilation;
  int64_t groups;
  int64_t deform_groups;
};

// Height and width. mmdeploy writes each of them twice for MMCVDeformConv2d.
std::vector<int64_t> ReadPadding(const ort::KernelInfo& info) {
  const std::vector<int64_t> found = info.Ints("padding").value_or(std::vector<int64_t>());
  if (found.size() != 4) return RequiredInts(info, "padding", 2, 0, INT32_MAX);
  const std::vector<int64_t> twice = RequiredInts(info, "padding", 4, 0, INT32_MAX);
  if (twice[0] != twice[1] || twice[2] != twice[3]) {
    Fail("attribute 'padding' is [", twice[0], ", ", twice[1], ", ", twice[2], ", ", twice[3],
         "]; four integers must be the height's padding twice and the width's twice");
  }
  return {twice[0], twice[2]};
}

Attributes ReadAttributes(const ort::KernelInfo& info) {
  const int64_t bias = info.Int("bias").value_or(0);
  if (bias != 0) Fail("attribute 'bias' is ", bias, "; it must be 0");
  return {RequiredInts(info, "stride", 2, 1, INT32_MAX), ReadPadding(info),
          RequiredInts(info, "dilation", 2, 1, INT32_MAX), RequiredInt(info, "groups", 1, INT32_MAX),
          RequiredInt(info, "deform_groups", 1, INT32_MAX)};
}

void CheckGroups(const char* name, int64_t groups, int64_t channels, const char* whose) {
  if (channels % groups != 0) {
    Fail("attribute '", name, "' is ", groups, "; it must divide the ", channels, " channels of ", whose);
  }
}

template <class Provider, class Operator>
class DeformConvKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    const ort::InputSpec given = {ort::kElementType<float>};
    std::vector<ort::InputSpec> inputs(size_t(Operator::kWeight) + 1, given);
    if (Operator::kBias >= 0) inputs.push_back({ort::kElementType<float>, ort::Arity::kOptional});
    return {Operator::kName, 1, inputs, {ort::kElementType<float>}, [](const ort::ShapeInference& context) {
              const std::vector<ort::Dimension> offset = context.Input(1);
              const std::vector<ort::Dimension> weight = context.Input(size_t(Operator::kWeight));
              if (offset.size() != 4 || weight.size() != 4) return;
              context.SetOutput(0, ort::kElementType<float>, {offset[0], weight[0], offset[2], offset[3]});
            }};
  }

  explicit DeformConvKernel(const ort::KernelInfo& info) : attributes_(ReadAttributes(info)), gemm_(info) {}

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor x = context.Input(0), offset = context.Input(1);
    const ort::Tensor weight = context.Input(size_t(Operator::kWeight));
    const DeformShape shape = CheckedShape(x, weight);
    const int64_t images = x.shape[0], outputs = weight.shape[0];
    const int64_t moved = shape.deform_groups * shape.Taps();
    CheckMoves(offset, "offset", images, 2 * moved, shape);
    ConvRequest request = {
        x.As<float>(), offset.As<float>(), nullptr, weight.As<float>(), nullptr, nullptr, images, outputs,
        shape};
    if (Operator::kMask >= 0) {
      const ort::Tensor mask = context.Input(size_t(Operator::kMask));
      CheckMoves(mask, "mask", images, moved, shape);
      request.mask = mask.As<float>();
    }
    if (const std::optional<ort::Tensor> bias = Bias(context)) {
      CheckShape(*bias, "bias", {outputs}, "(", outputs, "), one for each output channel of 'weight'");
      request.bias = bias->As<float>();
    }
    const std::vector<int64_t> output = {images, outputs, shape.output_height, shape.output_width};
    const bool empty = CheckedCount(output, "output 0") == 0;
    request.output = static_cast<float*>(context.Output(0, output));
    if (!empty) Convolve(context, gemm_, request);
  }

 private:
  static std::optional<ort::Tensor> Bias(const ort::KernelContext& context) {
    if (Operator::kBias < 0 || context.InputCount() <= size_t(Operator::kBias)) return std::nullopt;
    return context.OptionalInput(size_t(Operator::kBias));
  }

  // Of offsets and masks.
  static void CheckMoves(const ort::Tensor& tensor, const char* input, int64_t images, int64_t numbers,
                         const DeformShape& shape) {
    CheckShape(tensor, input, {images, numbers, shape.output_height, shape.output_width}, "(", images, ", ",
               numbers, ", ", shape.output_height, ", ", shape.output_width,
               ") with the images of 'x', the kernel of 'weight' and the attributes of the node");
  }

  DeformShape CheckedShape(const ort::Tensor& x, const ort::Tensor& weight) const {
    const PixelGrid pixels = CheckedPixels(x, "x");
    const int64_t channels = x.shape[1];
    if (channels < 1) Fail("input 'x' has shape ", ort::ToString(x.shape), "; it must have a channel");
    CheckGroups("groups", attributes_.groups, channels, "'x'");
    CheckGroups("deform_groups", attributes_.deform_groups, channels, "'x'");
    const int64_t group_channels = channels / attributes_.groups;
    CheckShape(weight, "weight", {kAny, group_channels, kAny, kAny}, "(output channels, ", group_channels,
               ", kernel height, kernel width): the channels of 'x' in each of ", attributes_.groups,
               " groups");
    CheckGroups("groups", attributes_.groups, weight.shape[0], "'weight'");
    const int64_t kernel_height = weight.shape[2], kernel_width = weight.shape[3];
    if (kernel_height < 1 || kernel_width < 1 || kernel_height > INT32_MAX || kernel_width > INT32_MAX) {
      Fail("input 'weight' has shape ", ort::ToString(weight.shape),
           "; kernel height and width must be between 1 and ", INT32_MAX);
    }
    DeformShape shape = {pixels,
                         channels,
                         0,
                         0,
                         Axis(0, kernel_height),
                         Axis(1, kernel_width),
                         attributes_.groups,
                         attributes_.deform_groups};
    shape.output_height = shape.rows.Output(pixels.height);
    shape.output_width = shape.columns.Output(pixels.width);
    if (shape.output_height < 1 || shape.output_width < 1) {
      Fail("input 'x' has shape ", ort::ToString(x.shape), "; the kernel of 'weight', ", kernel_height, " x ",
           kernel_width, " with the dilation of the node, must fit into it and its padding");
    }
    return shape;
  }

  ConvAxis Axis(size_t i, int64_t kernel) const {
    return {attributes_.stride[i], attributes_.padding[i], attributes_.dilation[i], kernel};
  }

  const Attributes attributes_;
  const ort::Gemm gemm_;
};

}  // namespace

void AddDeformConv(ort::OperatorList& list) {
  ort::AddOperator<DeformConvKernel>(list, ort::Types<ort::Cpu>(), ort::TypeList<ort::Types<DeformConv>>());
}

void AddModulatedDeformConv(ort::OperatorList& list) {
  ort::AddOperator<DeformConvKernel>(list, ort::Types<ort::Cpu>(),
                                     ort::TypeList<ort::Types<ModulatedDeformConv>>());
}

}  // namespace roiops::mmdeploy
