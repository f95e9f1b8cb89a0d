#include <numeric>

#include "mmdeploy/attributes.h"
#include "mmdeploy/cumulative/lines.h"
#include "mmdeploy/ops.h"
#include "ort/threads.h"

namespace roiops::mmdeploy {
namespace {

struct Largest {
  static constexpr const char* kName = "cummax";
  static bool Replaces(float next, float best) { return next >= best; }
};

struct Smallest {
  static constexpr const char* kName = "cummin";
  static bool Replaces(float next, float best) { return next <= best; }
};

// The running extreme of each line and where it is: of equal values the later one; once NaN, then the last
// NaN.
template <class Extreme>
void Accumulate(const float* x, const Lines& lines, float* values, int64_t* indices,
                const ParallelFor& parallel_for) {
  ForEachLines(lines, parallel_for, [&](int64_t offset, int64_t count) {
    std::copy_n(x + offset, count, values + offset);
    std::fill_n(indices + offset, count, 0);
    for (int64_t i = 1; i < lines.length; ++i) {
      const int64_t before = offset + (i - 1) * lines.inner, here = before + lines.inner;
      for (int64_t j = 0; j < count; ++j) {
        const float next = x[here + j], best = values[before + j];
        const bool replaces = next != next || Extreme::Replaces(next, best);
        values[here + j] = replaces ? next : best;
        indices[here + j] = replaces ? i : indices[before + j];
      }
    }
  });
}

// The lines of a tensor along one of its axes, which may count from the last one. A scalar is one line.
Lines LinesAlong(const std::vector<int64_t>& shape, int64_t dim) {
  const int64_t rank = std::max<int64_t>(int64_t(shape.size()), 1);
  if (dim < -rank || dim >= rank) {
    Fail("attribute 'dim' is ", dim, "; it must be between ", -rank, " and ", rank - 1,
         " for input 'x' of shape ", ort::ToString(shape));
  }
  const auto axis = shape.begin() + (dim < 0 ? dim + rank : dim);
  if (shape.empty()) return {1, 1, 1};
  const auto product = [](auto begin, auto end) {
    return std::accumulate(begin, end, int64_t(1), [](int64_t a, int64_t b) { return a * b; });
  };
  return {product(shape.begin(), axis), *axis, product(axis + 1, shape.end())};
}

template <class Provider, class Extreme>
class CumulativeKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {Extreme::kName,
            1,
            {{ort::kElementType<float>}},
            {ort::kElementType<float>, ort::kElementType<int64_t>},
            [](const ort::ShapeInference& context) {
              const std::vector<ort::Dimension> shape = context.Input(0);
              if (shape.empty()) return;
              context.SetOutput(0, ort::kElementType<float>, shape);
              context.SetOutput(1, ort::kElementType<int64_t>, shape);
            }};
  }

  explicit CumulativeKernel(const ort::KernelInfo& info) : dim_(RequiredInt(info, "dim", -64, 63)) {}

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor x = context.Input(0);
    const Lines lines = LinesAlong(x.shape, dim_);
    float* values = static_cast<float*>(context.Output(0, x.shape));
    int64_t* indices = static_cast<int64_t*>(context.Output(1, x.shape));
    Accumulate<Extreme>(x.As<float>(), lines, values, indices, ort::SessionThreads(context));
  }

 private:
  const int64_t dim_;
};

}  // namespace

void AddCummax(ort::OperatorList& list) {
  ort::AddOperator<CumulativeKernel>(list, ort::Types<ort::Cpu>(), ort::TypeList<ort::Types<Largest>>());
}

void AddCummin(ort::OperatorList& list) {
  ort::AddOperator<CumulativeKernel>(list, ort::Types<ort::Cpu>(), ort::TypeList<ort::Types<Smallest>>());
}

}  // namespace roiops::mmdeploy
