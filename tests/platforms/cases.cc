#include "cases.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "base/half.h"

namespace roiops::platforms {
namespace {

struct ElementType {
  const char* name;
  ONNXTensorElementDataType type;
  size_t size;
  double (*value)(const char* element);
};

template <class T>
double ValueOf(const char* element) {
  T value;
  std::memcpy(&value, element, sizeof(value));
  return static_cast<double>(value);
}

template <class T>
double ValueOf16(const char* element) {
  T value;
  std::memcpy(&value, element, sizeof(value));
  return ToFloat(value);
}

constexpr ElementType kTypes[] = {
    {"float16", ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, 2, ValueOf16<Half>},
    {"bfloat16", ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, 2, ValueOf16<BFloat16>},
    {"float32", ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, 4, ValueOf<float>},
    {"float64", ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, 8, ValueOf<double>},
    {"int32", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, 4, ValueOf<int32_t>},
    {"int64", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, 8, ValueOf<int64_t>},
    {"uint8", ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, 1, ValueOf<uint8_t>},
    {"bool", ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, 1, ValueOf<uint8_t>},
};

template <class Matches>
const ElementType& Find(const Matches& matches) {
  for (const ElementType& type : kTypes) {
    if (matches(type)) return type;
  }
  throw std::runtime_error("an element type that is not in kTypes");
}

const ElementType& Find(ONNXTensorElementDataType wanted) {
  return Find([&](const ElementType& type) { return type.type == wanted; });
}

std::vector<char> ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.u8string());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<int64_t> ReadShape(std::istream& line) {
  size_t rank = 0;
  line >> rank;
  std::vector<int64_t> shape(rank);
  for (int64_t& extent : shape) line >> extent;
  return shape;
}

std::string ReadWord(std::istream& line) {
  std::string word;
  line >> word;
  return word;
}

size_t Count(const std::vector<int64_t>& shape) {
  size_t count = 1;
  for (const int64_t extent : shape) count *= size_t(extent);
  return count;
}

}  // namespace

std::vector<double> ToDoubles(const void* data, ONNXTensorElementDataType type, size_t count) {
  const ElementType& element = Find(type);
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = element.value(static_cast<const char*>(data) + i * element.size);
  return values;
}

size_t ElementSize(ONNXTensorElementDataType type) { return Find(type).size; }

std::vector<Case> ReadCases(const std::filesystem::path& folder) {
  std::ifstream list(folder / "cases.txt");
  if (!list) throw std::runtime_error("no cases.txt in " + folder.u8string());
  std::vector<Case> cases;
  for (std::string text; std::getline(list, text);) {
    std::istringstream line(text);
    const std::string what = ReadWord(line);
    if (what == "case") {
      Case read;
      line >> read.name >> read.library >> read.operator_name;
      read.model = folder / ReadWord(line);
      cases.push_back(read);
    } else if (what == "input") {
      Input input;
      input.name = ReadWord(line);
      const std::string type = ReadWord(line);
      input.type = Find([&](const ElementType& known) { return type == known.name; }).type;
      input.data = ReadFile(folder / ReadWord(line));
      input.shape = ReadShape(line);
      if (input.data.size() != Count(input.shape) * ElementSize(input.type)) {
        throw std::runtime_error(cases.back().name + ": input " + input.name +
                                 " has another size than its file");
      }
      cases.back().inputs.push_back(input);
    } else if (what == "output") {
      Output output;
      line >> output.name >> output.tolerance;
      const std::vector<char> data = ReadFile(folder / ReadWord(line));
      output.shape = ReadShape(line);
      output.values =
          ToDoubles(data.data(), ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, data.size() / sizeof(double));
      cases.back().outputs.push_back(output);
    } else if (what == "error") {
      cases.back().outputs.push_back({ReadWord(line), {}, {}, 0});
      std::getline(line >> std::ws, cases.back().error);
    }
    if (line.bad()) throw std::runtime_error("cannot read: " + text);
  }
  return cases;
}

}  // namespace roiops::platforms
