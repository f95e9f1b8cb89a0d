// The type combinations of the pooling operators, and the shape of their result.

#ifndef ROIOPS_ROI_INFER_H_
#define ROIOPS_ROI_INFER_H_

#include "base/half.h"
#include "ort/custom_op.h"

namespace roiops {

namespace ort {
template <>
struct ElementType<Half> {
  static constexpr ONNXTensorElementDataType value = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16;
};
template <>
struct ElementType<BFloat16> {
  static constexpr ONNXTensorElementDataType value = ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16;
};
}  // namespace ort

template <class T>
struct TypeTag {
  using Type = T;
};

// Calls visit(feature type, box type, batch type) for every combination there is a kernel for.
template <class Visit>
void ForEachSignature(const Visit& visit) {
  const auto with_batch = [&](auto stored, auto box) {
    visit(stored, box, TypeTag<int32_t>());
    visit(stored, box, TypeTag<int64_t>());
  };
  with_batch(TypeTag<float>(), TypeTag<float>());
  with_batch(TypeTag<double>(), TypeTag<double>());
  with_batch(TypeTag<Half>(), TypeTag<Half>());
  with_batch(TypeTag<Half>(), TypeTag<float>());
  with_batch(TypeTag<BFloat16>(), TypeTag<BFloat16>());
  with_batch(TypeTag<BFloat16>(), TypeTag<float>());
}

// (K, C, output_height, output_width), as far as the inputs' shapes and the attributes tell. An input of
// unknown rank looks like a scalar, and then nothing is said about Y.
inline void InferPooledShape(const ort::ShapeInference& context, size_t map_input, size_t boxes_input) {
  const std::vector<ort::Dimension> map = context.Input(map_input);
  const std::vector<ort::Dimension> boxes = context.Input(boxes_input);
  if (map.size() != 4 || boxes.size() != 2) return;
  context.SetOutput(context.InputType(map_input), {boxes[0],
                                                   map[1],
                                                   {context.IntAttribute("output_height"), ""},
                                                   {context.IntAttribute("output_width"), ""}});
}

}  // namespace roiops

#endif  // ROIOPS_ROI_INFER_H_
