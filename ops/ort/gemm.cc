#include "ort/gemm.h"

#include <array>
#include <iterator>

#include "ort/types.h"

namespace roiops::ort {
namespace {

using Value = std::unique_ptr<OrtValue, void (*)(OrtValue*)>;

using Attribute = std::unique_ptr<OrtOpAttr, void (*)(OrtOpAttr*)>;

constexpr int kGemmVersion = 13;

// A view of a matrix.
Value Matrix(const OrtMemoryInfo* memory, const float* data, int64_t rows, int64_t columns) {
  const std::array<int64_t, 2> shape = {rows, columns};
  OrtValue* value = nullptr;
  Check(Api().CreateTensorWithDataAsOrtValue(memory, const_cast<float*>(data),
                                             size_t(rows * columns) * sizeof(float), shape.data(),
                                             shape.size(), kElementType<float>, &value));
  return {value, Api().ReleaseValue};
}

template <class T>
Attribute MakeAttribute(const char* name, T value, OrtOpAttrType type) {
  OrtOpAttr* attribute = nullptr;
  Check(Api().CreateOpAttr(name, &value, 1, type, &attribute));
  return {attribute, Api().ReleaseOpAttr};
}

}  // namespace

Gemm::Gemm(const KernelInfo& info)
    : memory_(nullptr, Api().ReleaseMemoryInfo), op_(nullptr, Api().ReleaseOp) {
  OrtMemoryInfo* memory = nullptr;
  Check(Api().CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
  memory_.reset(memory);
  // Operators made this way have no defaults.
  const Attribute attributes[] = {MakeAttribute<int64_t>("transA", 0, ORT_OP_ATTR_INT),
                                  MakeAttribute<int64_t>("transB", 1, ORT_OP_ATTR_INT),
                                  MakeAttribute<float>("alpha", 1, ORT_OP_ATTR_FLOAT),
                                  MakeAttribute<float>("beta", 1, ORT_OP_ATTR_FLOAT)};
  std::array<const OrtOpAttr*, std::size(attributes)> values = {};
  for (size_t i = 0; i < values.size(); ++i) values[i] = attributes[i].get();
  const char* const type = "T";
  const ONNXTensorElementDataType element = kElementType<float>;
  OrtOp* op = nullptr;
  Check(Api().CreateOp(info.get(), "Gemm", "", kGemmVersion, const_cast<const char**>(&type), &element, 1,
                       values.data(), int(values.size()), 2, 1, &op));
  op_.reset(op);
}

void Gemm::Multiply(const KernelContext& context, const MatrixProduct& product) const {
  const Value a = Matrix(memory_.get(), product.a, product.rows, product.depth);
  const Value b = Matrix(memory_.get(), product.b, product.columns, product.depth);
  const Value c = Matrix(memory_.get(), product.c, product.rows, product.columns);
  const std::array<const OrtValue*, 2> inputs = {a.get(), b.get()};
  OrtValue* output = c.get();
  Check(Api().InvokeOp(context.get(), op_.get(), inputs.data(), 2, &output, 1));
}

}  // namespace roiops::ort
