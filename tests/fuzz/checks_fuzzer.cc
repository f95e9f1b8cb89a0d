// Every operator as a model and its inputs reach it: kernel creation, shape inference and runs over a
// stand-in for ONNX Runtime, with attributes and tensors of any kind. An operator answers with an error that
// names what is wrong, or writes its whole output.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/half.h"
#include "byte_source.h"
#include "fake_onnxruntime.h"
#include "roi_align/ops.h"

namespace {

using roiops_test::Attribute;
using roiops_test::ByteSource;
using roiops_test::FakeNode;
using roiops_test::FakeTensor;
using roiops_test::Outcome;

constexpr int64_t kMostElements = 1 << 12;  // of a tensor; larger ones exist for nobody

[[noreturn]] void Abort(const char* what, const std::string& detail) {
  std::fprintf(stderr, "%s: %s\n", what, detail.c_str());
  std::abort();
}

const roiops::ort::OperatorList& Operators() {
  static const roiops::ort::OperatorList operators = [] {
    roiops::ort::SetApi(&roiops_test::FakeApi());
    roiops::ort::OperatorList list;
    roiops::AddRoiAlign(list);
    roiops::AddMultiScaleRoiAlign(list);
    roiops::AddStandardRoiAlign(list);
    return list;
  }();
  return operators;
}

int64_t Integer(ByteSource& source) {
  const int64_t choices[] = {0, 1, 2, 3, 7, -1, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, int64_t(1) << 32};
  return source.Between(0, 7) ? source.Choose(choices) : source.Take<int64_t>();
}

Attribute AnyAttribute(ByteSource& source) {
  const char* const words[] = {"avg", "max", "boxes_num", "batch_indices", "half_pixel", "output_half_pixel",
                               ""};
  switch (source.Between(0, 7)) {
    case 0:
      return {};
    case 1:
      return source.Take<float>();
    case 2:
      return std::string(source.Choose(words));
    case 3:
      return std::string(size_t(source.Between(0, 255)), char(source.Take<char>()));
    case 4:
      return std::vector<int64_t>(size_t(source.Between(0, 3)), Integer(source));
    case 5:
      return std::vector<float>(size_t(source.Between(0, 4)), source.Take<float>());
    default:
      return Integer(source);
  }
}

// Mostly what the operator wants, so that later checks are reached.
void AddAttributes(ByteSource& source, FakeNode& node, size_t maps) {
  const auto add = [&](const char* name, Attribute usual) {
    const int64_t kind = source.Between(0, 15);
    if (kind == 0) return;
    node.attributes[name] = kind == 1 ? AnyAttribute(source) : std::move(usual);
  };
  add("output_height", source.Between(1, 5));
  add("output_width", source.Between(1, 5));
  add("spatial_scale", source.Between(0, 1) ? 0.5f : source.Take<float>());
  add("spatial_scales", std::vector<float>(maps, 0.5f));
  add("sampling_ratio", source.Between(-1, 3));
  add("aligned", source.Between(0, 1));
  add("mode", std::string(source.Between(0, 1) ? "avg" : "max"));
  add("batch_format", std::string(source.Between(0, 1) ? "boxes_num" : "batch_indices"));
  add("coordinate_transformation_mode",
      std::string(source.Between(0, 1) ? "half_pixel" : "output_half_pixel"));
}

// A tensor that can exist: at most kMostElements elements, whatever the extents say where one of them is 0.
FakeTensor AnyTensor(ByteSource& source, ONNXTensorElementDataType type, std::vector<int64_t> shape) {
  FakeTensor tensor;
  tensor.type = type;
  if (source.Between(0, 15) == 0) {
    shape.resize(size_t(source.Between(0, 6)), 1);
    for (int64_t& extent : shape) extent = std::max<int64_t>(0, Integer(source));
  }
  int64_t count = 1;
  bool empty = false;
  for (const int64_t extent : shape) empty |= extent == 0;
  for (int64_t& extent : shape) {
    if (!empty && extent > kMostElements / count) extent = 1;
    count *= empty ? 1 : extent;
  }
  if (empty) count = 0;
  tensor.shape = std::move(shape);
  tensor.data.reset(new unsigned char[size_t(count) * roiops_test::ElementSize(type)]);
  return tensor;
}

template <class T>
void Fill(FakeTensor& tensor, size_t bytes, const T& next) {
  for (size_t at = 0; at < bytes; at += sizeof(next())) {
    const auto value = next();
    std::memcpy(tensor.data.get() + at, &value, sizeof(value));
  }
}

size_t Bytes(const FakeTensor& tensor) {
  int64_t count = 1;
  for (const int64_t extent : tensor.shape) {
    if (extent == 0) return 0;
  }
  for (const int64_t extent : tensor.shape) count *= extent;
  return size_t(count) * roiops_test::ElementSize(tensor.type);
}

void FillNumbers(ByteSource& source, FakeTensor& tensor) {
  const size_t bytes = Bytes(tensor);
  const bool wild = source.Between(0, 3) == 0;
  switch (tensor.type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
      return Fill(tensor, bytes, [&] { return wild ? source.Take<float>() : float(source.Between(-2, 20)); });
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
      return Fill(tensor, bytes,
                  [&] { return wild ? source.Take<double>() : double(source.Between(-2, 20)); });
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
      return Fill(tensor, bytes, [&] { return wild ? source.Take<uint16_t>() : uint16_t(0x3C00); });
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16:
      return Fill(tensor, bytes, [&] { return wild ? source.Take<uint16_t>() : uint16_t(0x3F80); });
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      return Fill(tensor, bytes,
                  [&] { return wild ? source.Take<int32_t>() : int32_t(source.Between(0, 2)); });
    default:
      return Fill(tensor, bytes, [&] { return wild ? Integer(source) : source.Between(0, 2); });
  }
}

void AddInputs(ByteSource& source, FakeNode& node, const roiops::ort::OpSpec& spec, size_t maps) {
  const bool multi_scale = spec.inputs.back().arity == roiops::ort::Arity::kVariadic;
  const int64_t images = source.Between(0, 3), channels = source.Between(0, 20), boxes = source.Between(0, 5);
  const size_t count = spec.inputs.size() - 1 + (multi_scale ? maps : 1);
  const size_t boxes_input = multi_scale ? 0 : 1;
  for (size_t i = 0; i < count; ++i) {
    const ONNXTensorElementDataType type = spec.inputs[std::min(i, spec.inputs.size() - 1)].type;
    std::vector<int64_t> shape;
    if (i == boxes_input) {
      shape = {boxes, 4};
    } else if (multi_scale ? i >= 3 : i == 0) {
      shape = {images, channels, source.Between(0, 9), source.Between(0, 9)};
    } else {
      shape = {source.Between(0, 2) ? boxes : images};
    }
    if (source.Between(0, 63) == 0) {
      node.inputs.emplace_back();
      continue;
    }
    FakeTensor tensor = AnyTensor(source, type, std::move(shape));
    FillNumbers(source, tensor);
    if (source.Between(0, 1)) tensor.dimension_names.resize(tensor.shape.size());
    node.inputs.push_back(std::move(tensor));
  }
}

void CheckMessage(const char* when, const std::string& message) {
  const char* const words[] = {"attribute '", "input '", "input ", "output ", "out of memory"};
  for (const char* word : words) {
    if (message.find(word) != std::string::npos) return;
  }
  Abort(when, message);
}

// Runs the node again on other memory: what differs was not written.
void CheckOutputIsWritten(const roiops::ort::CustomOp& op, void* kernel, FakeNode& node) {
  const FakeTensor first = std::move(node.output);
  node.output.type = first.type;
  node.output_fill = 0xFF;
  const Outcome computed =
      roiops_test::Consume(op.KernelComputeV2(kernel, roiops_test::AsKernelContext(node)));
  if (computed.code != ORT_OK) Abort("second run", computed.message);
  const size_t bytes = Bytes(first);
  if (bytes != Bytes(node.output)) Abort("second run", "another shape");
  if (std::memcmp(first.data.get(), node.output.data.get(), bytes) != 0) Abort("output", "not all written");
}

void Run(const roiops::ort::CustomOp& op, FakeNode& node) {
  const Outcome inferred =
      roiops_test::Consume(op.InferOutputShapeFn(&op, roiops_test::AsShapeInferContext(node)));
  void* kernel = nullptr;
  const Outcome created = roiops_test::Consume(
      op.CreateKernelV2(&op, &roiops_test::FakeApi(), roiops_test::AsKernelInfo(node), &kernel));
  if (created.code != ORT_OK) {
    CheckMessage("kernel creation", created.message);
    if (created.message.find("'" + node.name + "'") == std::string::npos)
      Abort("no node name", created.message);
    return;
  }
  const Outcome computed =
      roiops_test::Consume(op.KernelComputeV2(kernel, roiops_test::AsKernelContext(node)));
  if (computed.code != ORT_OK) {
    CheckMessage("run", computed.message);
  } else {
    CheckOutputIsWritten(op, kernel, node);
    const FakeTensor& output = node.inferred_output;
    for (size_t i = 0; i < output.shape.size(); ++i) {
      if (output.shape[i] >= 0 && output.shape[i] != node.output.shape.at(i))
        Abort("inferred shape differs in dimension", std::to_string(i));
    }
  }
  op.KernelDestroy(kernel);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteSource source(data, size);
  const roiops::ort::OperatorList& operators = Operators();
  const roiops::ort::CustomOp& op = operators[size_t(source.Between(0, int64_t(operators.size()) - 1))];
  FakeNode node;
  node.name = "the_node";
  node.output.type = op.spec.outputs[0];
  node.most_output_elements = kMostElements;
  const size_t maps = size_t(source.Between(0, 4));
  AddAttributes(source, node, maps);
  AddInputs(source, node, op.spec, maps);
  Run(op, node);
  if (roiops_test::LiveObjects() != 0)
    Abort("objects not given back", std::to_string(roiops_test::LiveObjects()));
  return 0;
}
