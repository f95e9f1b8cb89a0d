// The type combinations of operators that pool boxes, and the shape of their result.

#ifndef ROIOPS_ROI_INFER_H_
#define ROIOPS_ROI_INFER_H_

#include "ort/custom_op.h"

namespace roiops {

// Features and boxes: boxes have the features' type, or float32 beside 16-bit features.
using BoxTypes =
    ort::TypeList<ort::Types<float, float>, ort::Types<double, double>, ort::Types<Half, Half>,
                  ort::Types<Half, float>, ort::Types<BFloat16, BFloat16>, ort::Types<BFloat16, float>>;

// Features, boxes and batch.
using PooledTypes = ort::Product<BoxTypes, ort::Types<int32_t, int64_t>>;

// Output 0 as (K, C, height, width), as far as the inputs' shapes tell; an extent may be -1, unknown. An
// input of unknown rank looks like a scalar, and then nothing is said about the output.
inline void SetPooledShape(const ort::ShapeInference& context, size_t map_input, size_t boxes_input,
                           int64_t height, int64_t width) {
  const std::vector<ort::Dimension> map = context.Input(map_input);
  const std::vector<ort::Dimension> boxes = context.Input(boxes_input);
  if (map.size() != 4 || boxes.size() != 2) return;
  context.SetOutput(0, context.InputType(map_input), {boxes[0], map[1], {height, ""}, {width, ""}});
}

// The same by the attributes output_height and output_width; `otherwise` is their default, -1 if they are
// required.
inline void InferPooledShape(const ort::ShapeInference& context, size_t map_input, size_t boxes_input,
                             int64_t otherwise = -1) {
  SetPooledShape(context, map_input, boxes_input, context.Int("output_height").value_or(otherwise),
                 context.Int("output_width").value_or(otherwise));
}

}  // namespace roiops

#endif  // ROIOPS_ROI_INFER_H_
