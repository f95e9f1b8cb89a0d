#include "ort/custom_op.h"

#include <algorithm>
#include <atomic>

namespace roiops::ort {
namespace {

const CustomOp& Of(const OrtCustomOp* op) { return *static_cast<const CustomOp*>(op); }

const OpSpec& SpecOf(const OrtCustomOp* op) { return Of(op).spec; }

// A node with more inputs than are named repeats the last, variadic one.
const InputSpec& InputOf(const OrtCustomOp* op, size_t index) {
  const std::vector<InputSpec>& inputs = SpecOf(op).inputs;
  return inputs[std::min(index, inputs.size() - 1)];
}

OrtCustomOpInputOutputCharacteristic Characteristic(Arity arity) {
  switch (arity) {
    case Arity::kOptional:
      return INPUT_OUTPUT_OPTIONAL;
    case Arity::kVariadic:
      return INPUT_OUTPUT_VARIADIC;
    case Arity::kRequired:
      break;
  }
  return INPUT_OUTPUT_REQUIRED;
}

OrtStatus* CreateKernel(const OrtCustomOp* op, const OrtApi*, const OrtKernelInfo* info, void** kernel) {
  return Guarded(ORT_INVALID_ARGUMENT, [&] {
    const KernelInfo kernel_info(info);
    try {
      *kernel = Of(op).create(kernel_info).release();
    } catch (const Error& error) {
      // ONNX Runtime names the node in errors of a run but not in those of a session's creation.
      Fail(SpecOf(op).name, " node '", kernel_info.NodeName(), "': ", error.message);
    }
  });
}

OrtStatus* Compute(void* kernel, OrtKernelContext* context) {
  return Guarded(ORT_INVALID_ARGUMENT,
                 [&] { static_cast<Kernel*>(kernel)->Compute(KernelContext(context)); });
}

OrtStatus* InferShape(const OrtCustomOp* op, OrtShapeInferContext* context) {
  return Guarded(ORT_FAIL, [&] { SpecOf(op).infer(ShapeInference(context)); });
}

std::atomic<uint64_t> unknown_dimensions{0};

}  // namespace

std::vector<Dimension> ShapeInference::Input(size_t index) const {
  OrtTensorTypeAndShapeInfo* info = nullptr;
  Check(Api().ShapeInferContext_GetInputTypeShape(context_, index, &info));
  size_t rank = 0;
  Check(Api().GetDimensionsCount(info, &rank));
  std::vector<int64_t> values(rank);
  std::vector<const char*> names(rank);
  Check(Api().GetDimensions(info, values.data(), rank));
  Check(Api().GetSymbolicDimensions(info, names.data(), rank));
  std::vector<Dimension> shape(rank);
  for (size_t i = 0; i < rank; ++i) shape[i] = {values[i], names[i] ? names[i] : ""};
  return shape;
}

ONNXTensorElementDataType ShapeInference::InputType(size_t index) const {
  OrtTensorTypeAndShapeInfo* info = nullptr;
  Check(Api().ShapeInferContext_GetInputTypeShape(context_, index, &info));
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  Check(Api().GetTensorElementType(info, &type));
  return type;
}

const OrtOpAttr* ShapeInference::Attribute(const char* name) const {
  const OrtOpAttr* attribute = nullptr;
  return Succeeds(Api().ShapeInferContext_GetAttribute(context_, name, &attribute)) ? attribute : nullptr;
}

std::optional<int64_t> ShapeInference::Int(const char* name) const {
  const OrtOpAttr* attribute = Attribute(name);
  int64_t value;
  size_t size = 0;
  if (!attribute || !Succeeds(Api().ReadOpAttr(attribute, ORT_OP_ATTR_INT, &value, sizeof(value), &size)))
    return std::nullopt;
  return value;
}

std::optional<std::string> ShapeInference::String(const char* name) const {
  const OrtOpAttr* attribute = Attribute(name);
  if (!attribute) return std::nullopt;
  size_t size = 0;  // with the end of the string or without, as the version has it
  Succeeds(Api().ReadOpAttr(attribute, ORT_OP_ATTR_STRING, nullptr, 0, &size));
  std::string value(size + 1, '\0');
  if (!Succeeds(Api().ReadOpAttr(attribute, ORT_OP_ATTR_STRING, value.data(), value.size(), &size)))
    return std::nullopt;
  return value.c_str();
}

std::optional<std::vector<int64_t>> ShapeInference::Ints(const char* name) const {
  const OrtOpAttr* attribute = Attribute(name);
  if (!attribute) return std::nullopt;
  size_t bytes = 0;
  Succeeds(Api().ReadOpAttr(attribute, ORT_OP_ATTR_INTS, nullptr, 0, &bytes));
  std::vector<int64_t> values(bytes / sizeof(int64_t));
  if (values.empty() ||
      !Succeeds(Api().ReadOpAttr(attribute, ORT_OP_ATTR_INTS, values.data(), bytes, &bytes)))
    return std::nullopt;
  return values;
}

void ShapeInference::SetOutput(size_t index, ONNXTensorElementDataType type,
                               std::vector<Dimension> shape) const {
  OrtTensorTypeAndShapeInfo* info = nullptr;
  Check(Api().CreateTensorTypeAndShapeInfo(&info));
  std::vector<int64_t> values;
  std::vector<const char*> names;
  for (Dimension& dimension : shape) {
    // A dimension that is neither known nor named must get a name, or the graph is given an invalid number;
    // and a new one, because ONNX Runtime lets tensors of equally named shapes share their memory.
    if (dimension.value < 0 && dimension.name.empty())
      dimension.name = "roiops_unknown_" + std::to_string(unknown_dimensions++);
    values.push_back(dimension.value < 0 ? -1 : dimension.value);
    names.push_back(dimension.value < 0 ? dimension.name.c_str() : "");
  }
  OrtStatus* status = Api().SetTensorElementType(info, type);
  if (!status) status = Api().SetDimensions(info, values.data(), values.size());
  if (!status) status = Api().SetSymbolicDimensions(info, names.data(), names.size());
  if (!status) status = Api().ShapeInferContext_SetOutputTypeShape(context_, index, info);
  Api().ReleaseTensorTypeAndShapeInfo(info);
  Check(status);
}

CustomOp::CustomOp(OpSpec op_spec, const char* op_provider, Creator op_create)
    : OrtCustomOp{}, spec(std::move(op_spec)), provider(op_provider), create(op_create) {
  version = kApiVersion;
  OrtCustomOp::GetName = [](const OrtCustomOp* op) { return SpecOf(op).name; };
  OrtCustomOp::GetExecutionProviderType = [](const OrtCustomOp* op) { return Of(op).provider; };
  OrtCustomOp::GetInputTypeCount = [](const OrtCustomOp* op) { return SpecOf(op).inputs.size(); };
  OrtCustomOp::GetInputType = [](const OrtCustomOp* op, size_t i) { return InputOf(op, i).type; };
  OrtCustomOp::GetInputCharacteristic = [](const OrtCustomOp* op, size_t i) {
    return Characteristic(InputOf(op, i).arity);
  };
  OrtCustomOp::GetInputMemoryType = [](const OrtCustomOp* op, size_t i) {
    return InputOf(op, i).on_host ? OrtMemTypeCPUInput : OrtMemTypeDefault;
  };
  OrtCustomOp::GetVariadicInputMinArity = [](const OrtCustomOp*) { return 1; };
  OrtCustomOp::GetVariadicInputHomogeneity = [](const OrtCustomOp*) { return 1; };
  OrtCustomOp::GetOutputTypeCount = [](const OrtCustomOp* op) { return SpecOf(op).outputs.size(); };
  OrtCustomOp::GetOutputType = [](const OrtCustomOp* op, size_t i) { return SpecOf(op).outputs[i]; };
  OrtCustomOp::GetOutputCharacteristic = [](const OrtCustomOp*, size_t) { return INPUT_OUTPUT_REQUIRED; };
  OrtCustomOp::GetVariadicOutputMinArity = [](const OrtCustomOp*) { return 1; };
  OrtCustomOp::GetVariadicOutputHomogeneity = [](const OrtCustomOp*) { return 1; };
  OrtCustomOp::GetStartVersion = [](const OrtCustomOp* op) { return SpecOf(op).since_version; };
  OrtCustomOp::GetEndVersion = [](const OrtCustomOp*) { return INT32_MAX; };
  OrtCustomOp::CreateKernelV2 = roiops::ort::CreateKernel;
  OrtCustomOp::KernelComputeV2 = Compute;
  OrtCustomOp::KernelDestroy = [](void* kernel) { delete static_cast<Kernel*>(kernel); };
  OrtCustomOp::InferOutputShapeFn = InferShape;
}

}  // namespace roiops::ort
