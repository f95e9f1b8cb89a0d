#include "ort/api.h"

#include <atomic>
#include <memory>

namespace roiops::ort {
namespace {

std::atomic<const OrtApi*> g_api{nullptr};

void Release(OrtStatus* status) {
  if (status) Api().ReleaseStatus(status);
}

}  // namespace

void SetApi(const OrtApi* api) { g_api = api; }

const OrtApi& Api() { return *g_api; }

void Check(OrtStatus* status) {
  if (!status) return;
  std::string message = Api().GetErrorMessage(status);
  Release(status);
  throw Error{std::move(message)};
}

bool Succeeds(OrtStatus* status) {
  Release(status);
  return status == nullptr;
}

std::string ToString(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + ")";
}

size_t KernelContext::InputCount() const {
  size_t count = 0;
  Check(Api().KernelContext_GetInputCount(context_, &count));
  return count;
}

Tensor KernelContext::Input(size_t index) const {
  std::optional<Tensor> tensor = OptionalInput(index);
  if (!tensor) Fail("input ", index, " is missing");
  return *std::move(tensor);
}

std::optional<Tensor> KernelContext::OptionalInput(size_t index) const {
  const OrtValue* value = nullptr;
  Check(Api().KernelContext_GetInput(context_, index, &value));
  if (!value) return std::nullopt;
  OrtTensorTypeAndShapeInfo* raw = nullptr;
  Check(Api().GetTensorTypeAndShape(value, &raw));
  const std::unique_ptr<OrtTensorTypeAndShapeInfo, void (*)(OrtTensorTypeAndShapeInfo*)> info(
      raw, Api().ReleaseTensorTypeAndShapeInfo);
  size_t rank = 0;
  Check(Api().GetDimensionsCount(info.get(), &rank));
  Tensor tensor{nullptr, std::vector<int64_t>(rank)};
  Check(Api().GetDimensions(info.get(), tensor.shape.data(), rank));
  // The C API hands out tensors as mutable only.
  Check(Api().GetTensorMutableData(const_cast<OrtValue*>(value), const_cast<void**>(&tensor.data)));
  return tensor;
}

void* KernelContext::Output(size_t index, const std::vector<int64_t>& shape) const {
  OrtValue* value = nullptr;
  try {
    Check(Api().KernelContext_GetOutput(context_, index, shape.data(), shape.size(), &value));
  } catch (const Error& error) {
    Fail("output ", index, " of shape ", ToString(shape), " cannot be allocated: ", error.message);
  }
  if (!value) Fail("output ", index, " is missing");
  void* data = nullptr;
  Check(Api().GetTensorMutableData(value, &data));
  return data;
}

void* KernelContext::GpuStream() const {
  void* stream = nullptr;
  Check(Api().KernelContext_GetGPUComputeStream(context_, &stream));
  return stream;
}

std::string KernelInfo::NodeName() const {
  size_t size = 0;
  Check(Api().KernelInfo_GetNodeName(info_, nullptr, &size));
  std::string name(size, '\0');
  Check(Api().KernelInfo_GetNodeName(info_, name.data(), &size));
  while (!name.empty() && name.back() == '\0') name.pop_back();
  return name;
}

size_t KernelInfo::InputCount() const {
  size_t count = 0;
  Check(Api().KernelInfo_GetInputCount(info_, &count));
  return count;
}

bool KernelInfo::Exists(const char* name) const {
  int64_t integer;
  float number;
  size_t size = 0;
  return Succeeds(Api().KernelInfoGetAttribute_int64(info_, name, &integer)) ||
         Succeeds(Api().KernelInfoGetAttribute_float(info_, name, &number)) ||
         Succeeds(Api().KernelInfoGetAttribute_string(info_, name, nullptr, &size)) ||
         Succeeds(Api().KernelInfoGetAttributeArray_float(info_, name, nullptr, &size)) ||
         Succeeds(Api().KernelInfoGetAttributeArray_int64(info_, name, nullptr, &size));
}

void KernelInfo::FailOfType(const char* name, const char* wanted) const {
  Fail("attribute '", name, "' has the wrong type; it must be ", wanted);
}

std::optional<int64_t> KernelInfo::Int(const char* name) const {
  int64_t value;
  if (Succeeds(Api().KernelInfoGetAttribute_int64(info_, name, &value))) return value;
  if (Exists(name)) FailOfType(name, "an integer");
  return std::nullopt;
}

std::optional<float> KernelInfo::Float(const char* name) const {
  float value;
  if (Succeeds(Api().KernelInfoGetAttribute_float(info_, name, &value))) return value;
  if (Exists(name)) FailOfType(name, "a float");
  return std::nullopt;
}

std::optional<std::string> KernelInfo::String(const char* name) const {
  size_t size = 0;
  if (Succeeds(Api().KernelInfoGetAttribute_string(info_, name, nullptr, &size))) {
    std::string value(size, '\0');
    Check(Api().KernelInfoGetAttribute_string(info_, name, value.data(), &size));
    while (!value.empty() && value.back() == '\0') value.pop_back();
    return value;
  }
  if (Exists(name)) FailOfType(name, "a string");
  return std::nullopt;
}

std::optional<std::vector<int64_t>> KernelInfo::Ints(const char* name) const {
  size_t size = 0;
  if (Succeeds(Api().KernelInfoGetAttributeArray_int64(info_, name, nullptr, &size))) {
    std::vector<int64_t> values(size);
    Check(Api().KernelInfoGetAttributeArray_int64(info_, name, values.data(), &size));
    return values;
  }
  if (Exists(name)) FailOfType(name, "a list of integers");
  return std::nullopt;
}

std::optional<std::vector<float>> KernelInfo::Floats(const char* name) const {
  size_t size = 0;
  if (Succeeds(Api().KernelInfoGetAttributeArray_float(info_, name, nullptr, &size))) {
    std::vector<float> values(size);
    Check(Api().KernelInfoGetAttributeArray_float(info_, name, values.data(), &size));
    return values;
  }
  if (Exists(name)) FailOfType(name, "a list of floats");
  return std::nullopt;
}

}  // namespace roiops::ort
