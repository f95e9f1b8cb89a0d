// The cases that cases/ writes: a model of one node, its inputs, and what is to come of it.

#ifndef ROIOPS_TESTS_PLATFORMS_CASES_H_
#define ROIOPS_TESTS_PLATFORMS_CASES_H_

#include <onnxruntime_c_api.h>

#include <filesystem>
#include <string>
#include <vector>

namespace roiops::platforms {

struct Input {
  std::string name;
  ONNXTensorElementDataType type;
  std::vector<int64_t> shape;
  std::vector<char> data;
};

struct Output {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<double> values;
  double tolerance;  // the largest allowed difference
};

struct Case {
  std::string name;
  std::string library;  // "roiops" or "roiops_override"
  std::string operator_name;
  std::filesystem::path model;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  std::string error;  // a part of the message; empty where the model runs
};

// Throws std::runtime_error where the files are not what cases/ writes.
std::vector<Case> ReadCases(const std::filesystem::path& folder);

// The elements of a tensor; throws std::runtime_error for a type that no operator has.
std::vector<double> ToDoubles(const void* data, ONNXTensorElementDataType type, size_t count);
size_t ElementSize(ONNXTensorElementDataType type);

}  // namespace roiops::platforms

#endif  // ROIOPS_TESTS_PLATFORMS_CASES_H_
