// ONNX Runtime's C API as the operators see it: checked calls that throw Error, tensors, attributes.

#ifndef ROIOPS_ORT_API_H_
#define ROIOPS_ORT_API_H_

#include <onnxruntime_c_api.h>

#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace roiops::ort {

// The version of the API this library is written against: ONNX Runtime 1.17.
constexpr uint32_t kApiVersion = 17;

// Set when the library is registered.
void SetApi(const OrtApi* api);
const OrtApi& Api();

// Throws Error with the status' message, if it is one, and releases it.
void Check(OrtStatus* status);

// Whether the call succeeded; releases the status.
bool Succeeds(OrtStatus* status);

// Calls body() and turns what it throws into a status of `code`; other exceptions into a failure.
template <class Body>
OrtStatus* Guarded(OrtErrorCode code, const Body& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const Error& error) {
    return Api().CreateStatus(code, error.message.c_str());
  } catch (const std::bad_alloc&) {
    return Api().CreateStatus(ORT_FAIL, "out of memory");
  } catch (const std::exception& error) {
    return Api().CreateStatus(ORT_FAIL, error.what());
  } catch (...) {
    return Api().CreateStatus(ORT_FAIL, "unknown exception");
  }
}

struct Tensor {
  const void* data;
  std::vector<int64_t> shape;

  template <class T>
  const T* As() const {
    return static_cast<const T*>(data);
  }
};

// "(2, 3, 4)"
std::string ToString(const std::vector<int64_t>& shape);

class KernelContext {
 public:
  explicit KernelContext(OrtKernelContext* context) : context_(context) {}

  size_t InputCount() const;
  Tensor Input(size_t index) const;
  // Nothing where the node omits the input.
  std::optional<Tensor> OptionalInput(size_t index) const;
  void* Output(size_t index, const std::vector<int64_t>& shape) const;
  // The stream of a node on the CUDA provider, a cudaStream_t.
  void* GpuStream() const;
  OrtKernelContext* get() const { return context_; }

 private:
  OrtKernelContext* context_;
};

// Attributes of the node a kernel is created for. A getter returns nothing where the attribute is absent and
// throws Error where it is of another type.
class KernelInfo {
 public:
  explicit KernelInfo(const OrtKernelInfo* info) : info_(info) {}

  std::string NodeName() const;
  size_t InputCount() const;
  std::optional<int64_t> Int(const char* name) const;
  std::optional<float> Float(const char* name) const;
  std::optional<std::string> String(const char* name) const;
  std::optional<std::vector<float>> Floats(const char* name) const;
  std::optional<std::vector<int64_t>> Ints(const char* name) const;
  const OrtKernelInfo* get() const { return info_; }

 private:
  bool Exists(const char* name) const;
  [[noreturn]] void FailOfType(const char* name, const char* wanted) const;

  const OrtKernelInfo* info_;
};

}  // namespace roiops::ort

#endif  // ROIOPS_ORT_API_H_
