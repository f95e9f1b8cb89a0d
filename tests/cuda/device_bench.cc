// Times of the CUDA kernels without ONNX Runtime on the workloads of benchmarks/workloads.py, beside the time
// that reading X once and writing Y once takes at the speed of a copy on the device.

#include <algorithm>
#include <cmath>
#include <random>

#include "device.h"
#include "host_block.h"

namespace {

using roiops_test::CheckCuda;
using roiops_test::DeviceBuffer;
using roiops_test::Stopwatch;

struct Workload {
  const char* name;
  int64_t images, channels, height, width, boxes;
  float least_side, largest_side, scale;
  int64_t output, sampling_ratio;
};

constexpr Workload kWorkloads[] = {
    {"W1 box head", 1, 256, 200, 272, 1000, 16, 224, 1 / 4.0f, 7, 2},
    {"W2 box head, adaptive", 1, 256, 200, 272, 1000, 16, 224, 1 / 4.0f, 7, 0},
    {"W3 mask head", 1, 256, 200, 272, 100, 16, 224, 1 / 4.0f, 14, 2},
    {"W4 C4 head", 1, 1024, 50, 68, 300, 32, 640, 1 / 16.0f, 14, 0},
    {"W5 latency", 1, 256, 32, 32, 3, 3, 4, 1, 3, 0},
    {"W6 batch", 8, 256, 100, 136, 8 * 128, 32, 448, 1 / 8.0f, 7, 2},
};
constexpr int kSets = 4;  // of inputs and outputs, in turn, so that the cache does not keep them
constexpr int kRounds = 50;

// Bytes per millisecond that a copy reads and writes.
double CopySpeed() {
  const DeviceBuffer from(size_t(1) << 30), to(size_t(1) << 30);
  Stopwatch stopwatch;
  float best = INFINITY;
  for (int i = 0; i < 10; ++i) {
    best = std::min(best, stopwatch.Time(nullptr, [&] {
      CheckCuda(cudaMemcpyAsync(to.data(), from.data(), from.bytes(), cudaMemcpyDeviceToDevice, nullptr),
                "copy");
    }));
  }
  return 2.0 * double(from.bytes()) / double(best);
}

std::vector<float> Boxes(const Workload& w, std::mt19937& random) {
  std::uniform_real_distribution<float> uniform(0, 1);
  std::vector<float> boxes;
  for (int64_t k = 0; k < w.boxes; ++k) {
    float low[2], high[2];
    for (int axis = 0; axis < 2; ++axis) {
      const float image = float(axis ? w.height : w.width) / w.scale;
      const float side =
          std::min(image, w.least_side * std::pow(w.largest_side / w.least_side, uniform(random)));
      low[axis] = uniform(random) * (image - side);
      high[axis] = low[axis] + side;
    }
    boxes.insert(boxes.end(), {low[0], low[1], high[0], high[1]});
  }
  return boxes;
}

void Store(float value, float* to) { *to = value; }
void Store(float value, double* to) { *to = double(value); }
void Store(float value, roiops::Half* to) { *to = roiops::ToHalf(value); }

template <class Stored>
void Measure(const Workload& w, const char* type, double copy_speed) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  const size_t pixels = size_t(w.images * w.channels * w.height * w.width);
  const size_t outputs = size_t(w.boxes * w.channels * w.output * w.output);
  std::vector<Stored> x(pixels);
  for (Stored& value : x) Store(normal(random), &value);
  std::vector<int64_t> images;
  for (int64_t k = 0; k < w.boxes; ++k) images.push_back(k * w.images / w.boxes);
  const std::vector<float> boxes = Boxes(w, random);
  const DeviceBuffer device_boxes(boxes.data(), boxes.size() * sizeof(float));
  const DeviceBuffer device_images(images.data(), images.size() * sizeof(int64_t));
  std::vector<DeviceBuffer> buffers;
  std::vector<roiops::CudaRequest<roiops::SamplingRule>> requests;
  for (int i = 0; i < kSets; ++i) {
    buffers.emplace_back(x.data(), pixels * sizeof(Stored));
    const roiops::FeatureMap map = {buffers.back().data(), w.images, w.channels, w.height, w.width, w.scale};
    buffers.emplace_back(outputs * sizeof(Stored));
    const roiops::PoolRequest<Stored, float> request = {
        {map},   static_cast<const float*>(device_boxes.data()),
        w.boxes, static_cast<const int64_t*>(device_images.data()),
        nullptr, static_cast<Stored*>(buffers.back().data())};
    const roiops::RoiAlignOptions options = {
        {w.output, w.output}, {true, w.sampling_ratio}, roiops::Pooling::kAverage};
    requests.push_back(roiops_test::ToCudaRequest(request, options));
    roiops::ChooseTiles(requests.back());
  }
  Stopwatch stopwatch;
  std::vector<float> times;
  for (int i = 0; i < kRounds + 5; ++i) {
    const float time = stopwatch.Time(nullptr, [&] {
      for (const roiops::CudaRequest<roiops::SamplingRule>& request : requests) {
        if (const char* problem = roiops::LaunchCudaPooling<roiops::SamplingRule, Stored>(request, nullptr)) {
          std::fprintf(stderr, "launch: %s\n", problem);
          std::exit(2);
        }
      }
    });
    if (i >= 5) times.push_back(time / kSets);
  }
  std::sort(times.begin(), times.end());
  const double floor = double((pixels + outputs) * sizeof(Stored)) / copy_speed;
  const double median = double(times[times.size() / 2]);
  std::printf("%-22s %-8s %9.4f ms  (best %9.4f)  floor %9.4f ms  %6.2f times the floor\n", w.name, type,
              median, double(times[0]), floor, median / floor);
}

}  // namespace

int main() {
  const double copy_speed = CopySpeed();
  std::printf("device copy: %.2f TB/s\n", copy_speed * 1e-9);
  for (const Workload& w : kWorkloads) {
    Measure<float>(w, "float32", copy_speed);
    Measure<roiops::Half>(w, "float16", copy_speed);
    Measure<double>(w, "float64", copy_speed);
  }
}
