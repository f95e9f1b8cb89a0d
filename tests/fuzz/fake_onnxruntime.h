// The part of ONNX Runtime's C API that the operators call, over plain structures: a node, its tensors, its
// shapes. It checks nothing that the caller is to check, and counts what it hands out.

#ifndef ROIOPS_TESTS_FAKE_ONNXRUNTIME_H_
#define ROIOPS_TESTS_FAKE_ONNXRUNTIME_H_

#include <onnxruntime_c_api.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace roiops_test {

// What an attribute holds; std::monostate stands for a kind the C API cannot read, such as a graph.
using Attribute =
    std::variant<std::monostate, int64_t, float, std::string, std::vector<int64_t>, std::vector<float>>;

struct FakeTensor {
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  std::vector<int64_t> shape;
  std::vector<std::string> dimension_names;  // for shape inference; as many as dimensions, or none
  std::unique_ptr<unsigned char[]> data;
};

struct FakeNode {
  std::string name;
  std::map<std::string, Attribute> attributes;
  std::vector<std::optional<FakeTensor>> inputs;  // nothing: an omitted input
  int64_t most_output_elements = 0;               // an output with more cannot be allocated
  unsigned char output_fill = 0;                  // what is in an output's memory before it is written

  FakeTensor output;           // of Compute
  FakeTensor inferred_output;  // of shape inference; no type if nothing was inferred

  std::vector<std::shared_ptr<OrtTensorTypeAndShapeInfo>>
      lent;  // to shape inference, not to be released by it
};

// The same node in the three roles it has in the C API.
const OrtKernelInfo* AsKernelInfo(const FakeNode& node);
OrtKernelContext* AsKernelContext(FakeNode& node);
OrtShapeInferContext* AsShapeInferContext(FakeNode& node);

const OrtApi& FakeApi();

// The code and message of a status, which is released; code ORT_OK for none.
struct Outcome {
  OrtErrorCode code;
  std::string message;
};
Outcome Consume(OrtStatus* status);

// How many statuses and shapes were handed out and not given back.
int64_t LiveObjects();

size_t ElementSize(ONNXTensorElementDataType type);

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_FAKE_ONNXRUNTIME_H_
