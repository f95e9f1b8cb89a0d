#include "fake_onnxruntime.h"

#include <cstring>

// The C API's opaque structures.
struct OrtStatus {
  OrtErrorCode code;
  std::string message;
};
struct OrtTensorTypeAndShapeInfo {
  ONNXTensorElementDataType type;
  std::vector<int64_t> shape;
  std::vector<std::string> names;
};

namespace roiops_test {
namespace {

int64_t g_live = 0;

OrtStatus* NewStatus(OrtErrorCode code, const char* message) noexcept {
  ++g_live;
  return new OrtStatus{code, message};
}
OrtStatus* Failure(const char* message) { return NewStatus(ORT_FAIL, message); }

void FreeStatus(OrtStatus* status) noexcept {
  if (status) --g_live;
  delete status;
}

const FakeNode& Node(const OrtKernelInfo* info) { return *reinterpret_cast<const FakeNode*>(info); }
const FakeNode& Node(const OrtKernelContext* context) { return *reinterpret_cast<const FakeNode*>(context); }
FakeNode& Node(OrtShapeInferContext* context) { return *reinterpret_cast<FakeNode*>(context); }
FakeTensor& Tensor(OrtValue* value) { return *reinterpret_cast<FakeTensor*>(value); }
const FakeTensor& Tensor(const OrtValue* value) { return *reinterpret_cast<const FakeTensor*>(value); }

template <class T>
OrtStatus* Find(const OrtKernelInfo* info, const char* name, const T** value) {
  const auto& attributes = Node(info).attributes;
  const auto found = attributes.find(name);
  if (found == attributes.end()) return Failure("No attribute with this name is defined.");
  *value = std::get_if<T>(&found->second);
  return *value ? nullptr : Failure("Attribute is expected to have another type.");
}

template <class T>
OrtStatus* ReadScalar(const OrtKernelInfo* info, const char* name, T* out) noexcept {
  const T* value;
  if (OrtStatus* status = Find(info, name, &value)) return status;
  *out = *value;
  return nullptr;
}

template <class T>
OrtStatus* ReadArray(const OrtKernelInfo* info, const char* name, T* out, size_t* size) noexcept {
  const std::vector<T>* value;
  if (OrtStatus* status = Find(info, name, &value)) return status;
  if (out && *size < value->size()) return Failure("the array is too small");
  if (out && !value->empty()) std::memcpy(out, value->data(), value->size() * sizeof(T));
  *size = value->size();
  return nullptr;
}

OrtStatus* CopyText(const std::string& text, char* out, size_t* size) {
  if (out && *size < text.size() + 1) return Failure("the buffer is too small");
  if (out) std::memcpy(out, text.c_str(), text.size() + 1);
  *size = text.size() + 1;
  return nullptr;
}

OrtStatus* ReadString(const OrtKernelInfo* info, const char* name, char* out, size_t* size) noexcept {
  const std::string* value;
  if (OrtStatus* status = Find(info, name, &value)) return status;
  return CopyText(*value, out, size);
}

// Null if there are more elements than `most`.
std::unique_ptr<unsigned char[]> Allocate(const std::vector<int64_t>& shape, size_t element, int64_t most,
                                          unsigned char fill) {
  int64_t count = 1;
  for (const int64_t extent : shape) {
    if (extent == 0) return std::unique_ptr<unsigned char[]>(new unsigned char[0]);
  }
  for (const int64_t extent : shape) {
    if (extent < 0 || extent > most / count) return nullptr;
    count *= extent;
  }
  std::unique_ptr<unsigned char[]> data(new unsigned char[size_t(count) * element]);
  std::memset(data.get(), fill, size_t(count) * element);
  return data;
}

OrtStatus* GetOutput(OrtKernelContext* context, size_t index, const int64_t* dims, size_t rank,
                     OrtValue** value) noexcept {
  FakeNode& node = const_cast<FakeNode&>(Node(context));
  if (index != 0) return Failure("there is one output");
  node.output.shape.assign(dims, dims + rank);
  node.output.data =
      Allocate(node.output.shape, ElementSize(node.output.type), node.most_output_elements, node.output_fill);
  if (!node.output.data) return Failure("out of memory");
  *value = reinterpret_cast<OrtValue*>(&node.output);
  return nullptr;
}

OrtStatus* ParallelFor(const OrtKernelContext*, void (*item)(void*, size_t), size_t total, size_t,
                       void* data) noexcept {
  for (size_t i = 0; i < total; ++i) item(data, i);
  return nullptr;
}

OrtTensorTypeAndShapeInfo* NewInfo(const FakeTensor& tensor) {
  ++g_live;
  return new OrtTensorTypeAndShapeInfo{tensor.type, tensor.shape, tensor.dimension_names};
}

OrtStatus* InputShape(const OrtShapeInferContext* context, size_t index,
                      OrtTensorTypeAndShapeInfo** info) noexcept {
  FakeNode& node = Node(const_cast<OrtShapeInferContext*>(context));
  if (index >= node.inputs.size() || !node.inputs[index]) return Failure("no such input");
  const FakeTensor& input = *node.inputs[index];
  node.lent.push_back(std::make_shared<OrtTensorTypeAndShapeInfo>(
      OrtTensorTypeAndShapeInfo{input.type, input.shape, input.dimension_names}));
  *info = node.lent.back().get();
  return nullptr;
}

OrtStatus* InferenceAttribute(const OrtShapeInferContext* context, const char* name,
                              const OrtOpAttr** attribute) noexcept {
  const auto& attributes = Node(const_cast<OrtShapeInferContext*>(context)).attributes;
  const auto found = attributes.find(name);
  if (found == attributes.end()) return Failure("no such attribute");
  *attribute = reinterpret_cast<const OrtOpAttr*>(&found->second);
  return nullptr;
}

OrtStatus* ReadAttribute(const OrtOpAttr* attribute, OrtOpAttrType type, void* data, size_t bytes,
                         size_t* out) noexcept {
  const int64_t* value = std::get_if<int64_t>(reinterpret_cast<const Attribute*>(attribute));
  *out = sizeof(*value);
  if (!value || type != ORT_OP_ATTR_INT || bytes < sizeof(*value)) return Failure("not an integer");
  std::memcpy(data, value, sizeof(*value));
  return nullptr;
}

void FillShapeFunctions(OrtApi& api) {
  api.GetTensorTypeAndShape = [](const OrtValue* value,
                                 OrtTensorTypeAndShapeInfo** info) noexcept -> OrtStatus* {
    *info = NewInfo(Tensor(value));
    return nullptr;
  };
  api.ReleaseTensorTypeAndShapeInfo = [](OrtTensorTypeAndShapeInfo* info) noexcept {
    g_live -= info != nullptr;
    delete info;
  };
  api.GetTensorElementType = [](const OrtTensorTypeAndShapeInfo* info,
                                ONNXTensorElementDataType* type) noexcept -> OrtStatus* {
    *type = info->type;
    return nullptr;
  };
  api.GetDimensionsCount = [](const OrtTensorTypeAndShapeInfo* info, size_t* count) noexcept -> OrtStatus* {
    *count = info->shape.size();
    return nullptr;
  };
  api.GetDimensions = [](const OrtTensorTypeAndShapeInfo* info, int64_t* out,
                         size_t count) noexcept -> OrtStatus* {
    for (size_t i = 0; i < count; ++i) out[i] = info->shape.at(i);
    return nullptr;
  };
  api.GetSymbolicDimensions = [](const OrtTensorTypeAndShapeInfo* info, const char** out,
                                 size_t count) noexcept -> OrtStatus* {
    for (size_t i = 0; i < count; ++i) out[i] = info->names.empty() ? nullptr : info->names.at(i).c_str();
    return nullptr;
  };
  api.CreateTensorTypeAndShapeInfo = [](OrtTensorTypeAndShapeInfo** info) noexcept -> OrtStatus* {
    *info = NewInfo({});
    return nullptr;
  };
  api.SetTensorElementType = [](OrtTensorTypeAndShapeInfo* info,
                                ONNXTensorElementDataType type) noexcept -> OrtStatus* {
    info->type = type;
    return nullptr;
  };
  api.SetDimensions = [](OrtTensorTypeAndShapeInfo* info, const int64_t* dims,
                         size_t count) noexcept -> OrtStatus* {
    info->shape.assign(dims, dims + count);
    return nullptr;
  };
  api.SetSymbolicDimensions = [](OrtTensorTypeAndShapeInfo* info, const char* names[],
                                 size_t count) noexcept -> OrtStatus* {
    info->names.assign(names, names + count);
    return nullptr;
  };
  api.ShapeInferContext_GetInputTypeShape = InputShape;
  api.ShapeInferContext_GetAttribute = InferenceAttribute;
  api.ReadOpAttr = ReadAttribute;
  api.ShapeInferContext_SetOutputTypeShape =
      [](const OrtShapeInferContext* context, size_t,
         const OrtTensorTypeAndShapeInfo* info) noexcept -> OrtStatus* {
    FakeTensor& output = Node(const_cast<OrtShapeInferContext*>(context)).inferred_output;
    output.type = info->type;
    output.shape = info->shape;
    output.dimension_names = info->names;
    return nullptr;
  };
}

void FillKernelFunctions(OrtApi& api) {
  api.KernelInfo_GetNodeName = [](const OrtKernelInfo* info, char* out, size_t* size) noexcept -> OrtStatus* {
    return CopyText(Node(info).name, out, size);
  };
  api.KernelInfo_GetInputCount = [](const OrtKernelInfo* info, size_t* count) noexcept -> OrtStatus* {
    *count = Node(info).inputs.size();
    return nullptr;
  };
  api.KernelInfoGetAttribute_int64 = ReadScalar<int64_t>;
  api.KernelInfoGetAttribute_float = ReadScalar<float>;
  api.KernelInfoGetAttribute_string = ReadString;
  api.KernelInfoGetAttributeArray_float = ReadArray<float>;
  api.KernelInfoGetAttributeArray_int64 = ReadArray<int64_t>;
  api.KernelContext_GetInputCount = [](const OrtKernelContext* context,
                                       size_t* count) noexcept -> OrtStatus* {
    *count = Node(context).inputs.size();
    return nullptr;
  };
  api.KernelContext_GetInput = [](const OrtKernelContext* context, size_t index,
                                  const OrtValue** value) noexcept -> OrtStatus* {
    const auto& input = Node(context).inputs.at(index);
    *value = input ? reinterpret_cast<const OrtValue*>(&*input) : nullptr;
    return nullptr;
  };
  api.KernelContext_GetOutput = GetOutput;
  api.KernelContext_ParallelFor = ParallelFor;
  api.GetTensorMutableData = [](OrtValue* value, void** data) noexcept -> OrtStatus* {
    *data = Tensor(value).data.get();
    return nullptr;
  };
}

}  // namespace

const OrtKernelInfo* AsKernelInfo(const FakeNode& node) {
  return reinterpret_cast<const OrtKernelInfo*>(&node);
}
OrtKernelContext* AsKernelContext(FakeNode& node) { return reinterpret_cast<OrtKernelContext*>(&node); }
OrtShapeInferContext* AsShapeInferContext(FakeNode& node) {
  return reinterpret_cast<OrtShapeInferContext*>(&node);
}

const OrtApi& FakeApi() {
  static const OrtApi api = [] {
    OrtApi filled = {};
    filled.CreateStatus = NewStatus;
    filled.GetErrorMessage = [](const OrtStatus* status) noexcept { return status->message.c_str(); };
    filled.ReleaseStatus = FreeStatus;
    FillShapeFunctions(filled);
    FillKernelFunctions(filled);
    return filled;
  }();
  return api;
}

Outcome Consume(OrtStatus* status) {
  if (!status) return {ORT_OK, ""};
  Outcome outcome = {status->code, status->message};
  FreeStatus(status);
  return outcome;
}

int64_t LiveObjects() { return g_live; }

size_t ElementSize(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16:
      return 2;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      return 4;
    default:
      return 8;
  }
}

}  // namespace roiops_test
