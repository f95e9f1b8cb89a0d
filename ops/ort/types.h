// Element types of tensors, and the combinations of them that an operator is compiled for.

#ifndef ROIOPS_ORT_TYPES_H_
#define ROIOPS_ORT_TYPES_H_

#include <onnxruntime_c_api.h>

#include <cstdint>

#include "base/half.h"

namespace roiops::ort {

template <class T>
inline constexpr ONNXTensorElementDataType kElementType = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
template <>
inline constexpr ONNXTensorElementDataType kElementType<float> = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
template <>
inline constexpr ONNXTensorElementDataType kElementType<double> = ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE;
template <>
inline constexpr ONNXTensorElementDataType kElementType<Half> = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16;
template <>
inline constexpr ONNXTensorElementDataType kElementType<BFloat16> = ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16;
template <>
inline constexpr ONNXTensorElementDataType kElementType<int32_t> = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
template <>
inline constexpr ONNXTensorElementDataType kElementType<int64_t> = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
template <>
inline constexpr ONNXTensorElementDataType kElementType<uint8_t> = ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
template <>
inline constexpr ONNXTensorElementDataType kElementType<bool> = ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL;

// One combination of types.
template <class... T>
struct Types {};

template <class... Combinations>
struct TypeList {};

// Of one type each.
using FloatTypes = TypeList<Types<float>, Types<double>, Types<Half>, Types<BFloat16>>;

// Each combination of a list followed by each of some types: of A and B with C and D, (A, C), (A, D), (B, C)
// and (B, D).
template <class Combinations, class Last, class... Done>
struct ProductWith;
template <class... Done, class... Last>
struct ProductWith<TypeList<>, Types<Last...>, Done...> {
  using List = TypeList<Done...>;
};
template <class... T, class... Rest, class... Last, class... Done>
struct ProductWith<TypeList<Types<T...>, Rest...>, Types<Last...>, Done...>
    : ProductWith<TypeList<Rest...>, Types<Last...>, Done..., Types<T..., Last>...> {};

template <class Combinations, class Last>
using Product = typename ProductWith<Combinations, Last>::List;

}  // namespace roiops::ort

#endif  // ROIOPS_ORT_TYPES_H_
