// Runs a RoiAlign model in ONNX Runtime with the roiops library, from C++; README.md says how to build it.
//
// The feature map holds 10 * y + x at pixel (x, y), so a pooled bin tells where its centre is. Aligned boxes
// count from the corner of a pixel, pixels from their centre: hence half a pixel between the two.

#include <onnxruntime_cxx_api.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <vector>

namespace {

constexpr int64_t kHeight = 8, kWidth = 8;

std::vector<float> coordinate_map() {
  std::vector<float> map;
  for (int64_t y = 0; y < kHeight; ++y)
    for (int64_t x = 0; x < kWidth; ++x) map.push_back(static_cast<float>(10 * y + x));
  return map;
}

template <typename T, size_t rank>
Ort::Value view(std::vector<T>& data, const std::array<int64_t, rank>& shape) {
  static const auto cpu = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  return Ort::Value::CreateTensor<T>(cpu, data.data(), data.size(), shape.data(), rank);
}

// Prints the pooled bins of each box and says whether they are the coordinates of the bins' centres.
bool check(const std::vector<float>& boxes, const float* pooled) {
  bool right = true;
  for (size_t k = 0; k < boxes.size() / 4; ++k) {
    const float* box = &boxes[4 * k];
    std::printf("box (%g, %g, %g, %g):", box[0], box[1], box[2], box[3]);
    for (int bin = 0; bin < 4; ++bin) {
      const float x = box[0] + (box[2] - box[0]) * (bin % 2 == 0 ? 0.25f : 0.75f) - 0.5f;
      const float y = box[1] + (box[3] - box[1]) * (bin / 2 == 0 ? 0.25f : 0.75f) - 0.5f;
      const float value = pooled[4 * k + static_cast<size_t>(bin)];
      std::printf(" %g", value);
      right = right && std::fabs(value - (10 * y + x)) < 1e-4f;
    }
    std::printf("\n");
  }
  return right;
}

bool run(const char* library, const char* model) {
  Ort::Env env(ORT_LOGGING_LEVEL_WARNING, "pool_boxes");
  Ort::SessionOptions options;
  options.RegisterCustomOpsLibrary(library);
  Ort::Session session(env, model, options);

  std::vector<float> map = coordinate_map();
  std::vector<float> boxes = {1, 2, 5, 6, 2.5f, 1, 4.5f, 7};  // x1, y1, x2, y2
  std::vector<int64_t> boxes_num = {2};                       // both boxes belong to image 0
  std::vector<Ort::Value> inputs;
  inputs.push_back(view<float, 4>(map, {1, 1, kHeight, kWidth}));
  inputs.push_back(view<float, 2>(boxes, {2, 4}));
  inputs.push_back(view<int64_t, 1>(boxes_num, {1}));

  Ort::AllocatorWithDefaultOptions allocator;
  std::vector<Ort::AllocatedStringPtr> names;
  for (size_t i = 0; i < inputs.size(); ++i) names.push_back(session.GetInputNameAllocated(i, allocator));
  const std::array<const char*, 3> input_names = {names[0].get(), names[1].get(), names[2].get()};
  const auto output_name = session.GetOutputNameAllocated(0, allocator);
  const char* output_names[] = {output_name.get()};

  const auto outputs =
      session.Run(Ort::RunOptions{}, input_names.data(), inputs.data(), inputs.size(), output_names, 1);
  return check(boxes, outputs[0].GetTensorData<float>());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: pool_boxes LIBRARY MODEL\n");
    return 2;
  }
  try {
    const bool right = run(argv[1], argv[2]);
    std::puts(right ? "every bin holds its centre's coordinates" : "WRONG: a bin is not its centre");
    return right ? 0 : 1;
  } catch (const std::exception& error) {  // Ort::Exception carries what the OrtStatus said
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
