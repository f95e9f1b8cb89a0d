// An operator for ONNX Runtime, described by data: one object for every combination of types and execution
// provider.

#ifndef ROIOPS_ORT_CUSTOM_OP_H_
#define ROIOPS_ORT_CUSTOM_OP_H_

#include <memory>
#include <vector>

#include "ort/api.h"
#include "ort/types.h"

namespace roiops::ort {

class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void Compute(const KernelContext& context) = 0;
};

enum class Arity {
  kRequired,
  kOptional,
  kVariadic,  // the last input only: one or more tensors of the type
};

struct InputSpec {
  ONNXTensorElementDataType type;
  Arity arity = Arity::kRequired;
  bool on_host = false;  // also where the kernel is on a device
};

// The shapes of a node's inputs while a model is loaded; a dimension is a number, a name, or neither.
struct Dimension {
  int64_t value = -1;
  std::string name;
};

class ShapeInference {
 public:
  explicit ShapeInference(OrtShapeInferContext* context) : context_(context) {}

  // Empty if the rank is not known.
  std::vector<Dimension> Input(size_t index) const;
  ONNXTensorElementDataType InputType(size_t index) const;
  // Nothing where the attribute is absent or of another type.
  std::optional<int64_t> Int(const char* name) const;
  std::optional<std::string> String(const char* name) const;
  std::optional<std::vector<int64_t>> Ints(const char* name) const;
  void SetOutput(size_t index, ONNXTensorElementDataType type, std::vector<Dimension> shape) const;

 private:
  const OrtOpAttr* Attribute(const char* name) const;

  OrtShapeInferContext* context_;
};

struct OpSpec {
  const char* name;
  int since_version;
  std::vector<InputSpec> inputs;
  std::vector<ONNXTensorElementDataType> outputs;
  void (*infer)(const ShapeInference& context);  // ONNX Runtime uses the first overload's function for all
};

class CustomOp : public OrtCustomOp {
 public:
  using Creator = std::unique_ptr<Kernel> (*)(const KernelInfo& info);

  CustomOp(OpSpec op_spec, const char* op_provider, Creator op_create);

  const OpSpec spec;
  const char* const provider;  // null: the CPU
  const Creator create;
};

using OperatorList = std::vector<CustomOp>;

// Execution providers of ONNX Runtime.
struct Cpu {
  static constexpr const char* kName = nullptr;
};
struct Cuda {
  static constexpr const char* kName = "CUDAExecutionProvider";
};

template <template <class...> class KernelType, class Provider, class... T>
void AddKernel(OperatorList& list, Types<T...>) {
  using Typed = KernelType<Provider, T...>;
  list.emplace_back(Typed::Spec(), Provider::kName, [](const KernelInfo& info) {
    return std::unique_ptr<Kernel>(std::make_unique<Typed>(info));
  });
}

template <template <class...> class KernelType, class Provider, class... Combinations>
void AddKernels(OperatorList& list, TypeList<Combinations...>) {
  (AddKernel<KernelType, Provider>(list, Combinations()), ...);
}

// Adds an operator to a list: KernelType<Provider, T...> for each provider, which has a kName, and each
// combination of types. The class is a Kernel, made from a KernelInfo, and has `static OpSpec Spec()`.
template <template <class...> class KernelType, class... Providers, class... Combinations>
void AddOperator(OperatorList& list, Types<Providers...>, TypeList<Combinations...> combinations) {
  (AddKernels<KernelType, Providers>(list, combinations), ...);
}

}  // namespace roiops::ort

#endif  // ROIOPS_ORT_CUSTOM_OP_H_
