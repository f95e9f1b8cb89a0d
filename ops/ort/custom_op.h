// An operator for ONNX Runtime, described by data: one object for every combination of types and execution
// provider.

#ifndef ROIOPS_ORT_CUSTOM_OP_H_
#define ROIOPS_ORT_CUSTOM_OP_H_

#include <memory>
#include <vector>

#include "ort/api.h"

namespace roiops::ort {

class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void Compute(const KernelContext& context) = 0;
};

struct InputSpec {
  ONNXTensorElementDataType type;
  bool variadic = false;  // the last input only: one or more tensors of the type
  OrtMemType memory = OrtMemTypeDefault;
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
  // -1 where the attribute is absent or no integer.
  int64_t IntAttribute(const char* name) const;
  void SetOutput(ONNXTensorElementDataType type, std::vector<Dimension> shape) const;

 private:
  OrtShapeInferContext* context_;
};

template <class KernelType>
std::unique_ptr<Kernel> Create(const KernelInfo& info) {
  return std::make_unique<KernelType>(info);
}

struct OpSpec {
  const char* name;
  const char* provider;  // null: the CPU
  int since_version;
  std::vector<InputSpec> inputs;
  ONNXTensorElementDataType output;
  std::unique_ptr<Kernel> (*create)(const KernelInfo& info);
  void (*infer)(const ShapeInference& context);  // that of a name's first operator serves all its types
};

class CustomOp : public OrtCustomOp {
 public:
  explicit CustomOp(OpSpec op_spec);
  const OpSpec spec;
};

// Adds the operators to the session options under `domain`. The operators must outlive every session: keep
// them in a static variable.
OrtStatus* Register(OrtSessionOptions* options, const OrtApiBase* api_base, const char* domain,
                    const std::vector<CustomOp>& (*operators)());

template <class T>
struct ElementType;
template <>
struct ElementType<float> {
  static constexpr ONNXTensorElementDataType value = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
};
template <>
struct ElementType<double> {
  static constexpr ONNXTensorElementDataType value = ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE;
};
template <>
struct ElementType<int32_t> {
  static constexpr ONNXTensorElementDataType value = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
};
template <>
struct ElementType<int64_t> {
  static constexpr ONNXTensorElementDataType value = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
};

}  // namespace roiops::ort

#endif  // ROIOPS_ORT_CUSTOM_OP_H_
