// Operators that pool boxes: of one map, NAME(X, boxes, batch) -> Y, and of the maps of a pyramid,
// NAME(boxes, batch, levels, X_0, ..., X_{L-1}) -> Y.

#ifndef ROIOPS_ROI_POOLING_OP_H_
#define ROIOPS_ROI_POOLING_OP_H_

#include <optional>
#include <vector>

#include "ort/attributes.h"
#include "ort/custom_op.h"
#include "roi/infer.h"
#include "roi/inputs.h"
#include "roi/pyramid.h"

namespace roiops {

// An Op says what is pooled by which operator. Its name is its own among all files: GCC merges instances of
// AddKernel over equally named classes, those of unnamed namespaces too.
//
//   kName, kPyramidName    the names; an operator without a pyramid has only the first
//   Rule                   what Provider::Prepare<Rule, Stored>() is asked for
//   Options                those of Provider::Pool
//   ReadOptions(info)      reads them from the attributes; throws Error
//
// The kernels are for ort::AddOperator with PooledTypes.
template <class Op>
struct PoolingOp {
  template <class Provider, class Stored, class BoxType, class Batch>
  class OneMap : public ort::Kernel {
   public:
    static ort::OpSpec Spec() {
      return {Op::kName,
              1,
              {{ort::kElementType<Stored>}, {ort::kElementType<BoxType>}, {ort::kElementType<Batch>}},
              {ort::kElementType<Stored>},
              [](const ort::ShapeInference& context) { InferPooledShape(context, 0, 1); }};
    }

    explicit OneMap(const ort::KernelInfo& info)
        : options_(Op::ReadOptions(info)),
          batch_is_counts_(ReadBatchIsCounts(info)),
          spatial_scale_(ort::CheckedScale("spatial_scale", info.Float("spatial_scale").value_or(1.0f))) {
      Provider::template Prepare<typename Op::Rule, Stored>();
    }

    void Compute(const ort::KernelContext& context) override {
      const FeatureMap map = CheckedMap(context.Input(0), "X", spatial_scale_);
      const BoxInputs inputs = {context.Input(1), "boxes",          context.Input(2),
                                "batch",          batch_is_counts_, std::nullopt};
      Provider::template Pool<Stored, BoxType, Batch>(context, {map}, inputs, options_);
    }

   private:
    const typename Op::Options options_;
    const bool batch_is_counts_;
    const float spatial_scale_;
  };

  template <class Provider, class Stored, class BoxType, class Batch>
  class Pyramid : public ort::Kernel {
   public:
    static ort::OpSpec Spec() {
      return {Op::kPyramidName,
              1,
              {{ort::kElementType<BoxType>},
               {ort::kElementType<Batch>},
               {ort::kElementType<int64_t>},
               {ort::kElementType<Stored>, ort::Arity::kVariadic}},
              {ort::kElementType<Stored>},
              [](const ort::ShapeInference& context) { InferPooledShape(context, kFirstMap, 0); }};
    }

    explicit Pyramid(const ort::KernelInfo& info)
        : options_(Op::ReadOptions(info)),
          batch_is_counts_(ReadBatchIsCounts(info)),
          spatial_scales_(ReadPyramidScales(info, kFirstMap)) {
      Provider::template Prepare<typename Op::Rule, Stored>();
    }

    void Compute(const ort::KernelContext& context) override {
      const std::vector<FeatureMap> maps = CheckedPyramid(context, kFirstMap, spatial_scales_);
      const BoxInputs inputs = {context.Input(0), "boxes",          context.Input(1),
                                "batch",          batch_is_counts_, context.Input(2)};
      Provider::template Pool<Stored, BoxType, Batch>(context, maps, inputs, options_);
    }

   private:
    static constexpr size_t kFirstMap = 3;

    const typename Op::Options options_;
    const bool batch_is_counts_;
    const std::vector<float> spatial_scales_;
  };
};

}  // namespace roiops

#endif  // ROIOPS_ROI_POOLING_OP_H_
