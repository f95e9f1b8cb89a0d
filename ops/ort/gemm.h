// ONNX Runtime's own matrix product, called from inside an operator.

#ifndef ROIOPS_ORT_GEMM_H_
#define ROIOPS_ORT_GEMM_H_

#include <cstdint>
#include <memory>

#include "ort/api.h"

namespace roiops::ort {

// Operands of c (rows, columns) = a (rows, depth) * b (columns, depth)^T, all dense and not empty.
struct MatrixProduct {
  const float* a;
  const float* b;
  float* c;
  int64_t rows;
  int64_t columns;
  int64_t depth;
};

class Gemm {
 public:
  // Throws Error where this ONNX Runtime has no such operator.
  explicit Gemm(const KernelInfo& info);

  // On the threads of the session that runs the node. Any number of threads may call it.
  void Multiply(const KernelContext& context, const MatrixProduct& product) const;

 private:
  std::unique_ptr<OrtMemoryInfo, void (*)(OrtMemoryInfo*)> memory_;
  std::unique_ptr<OrtOp, void (*)(OrtOp*)> op_;
};

}  // namespace roiops::ort

#endif  // ROIOPS_ORT_GEMM_H_
