// Pools boxes like those of workload W1 (benchmarks/workloads.py), fewer of them. Usage: pool TYPE REPEATS.

#include "pooling/cpu/pool.h"

#include <cmath>
#include <cstdlib>
#include <random>
#include <string>

#include "base/half.h"
#include "roi_align/rule.h"

namespace {

constexpr int64_t kBoxes = 50, kChannels = 256, kHeight = 200, kWidth = 272, kBins = 7;
constexpr float kScale = 0.25f;

void RunSerially(int64_t count, const std::function<void(int64_t)>& task) {
  for (int64_t i = 0; i < count; ++i) task(i);
}

template <class BoxType>
std::vector<BoxType> Boxes() {
  std::mt19937 random(1);
  const auto uniform = [&] { return double(random()) / 4294967296.0; };
  std::vector<BoxType> boxes;
  for (int64_t k = 0; k < kBoxes; ++k) {
    const double width = 16 * std::pow(14.0, uniform()), height = 16 * std::pow(14.0, uniform());
    const double x = uniform() * (double(kWidth / kScale) - width);
    const double y = uniform() * (double(kHeight / kScale) - height);
    for (const double corner : {x, y, x + width, y + height}) boxes.push_back(BoxType(corner));
  }
  return boxes;
}

template <class Stored, class BoxType>
int PoolBoxes(int repeats) {
  const std::vector<Stored> map(size_t(kChannels * kHeight * kWidth));
  const std::vector<BoxType> boxes = Boxes<BoxType>();
  const std::vector<int64_t> images(size_t(kBoxes), 0);
  std::vector<Stored> output(size_t(kBoxes * kChannels * kBins * kBins));
  const roiops::PoolRequest<Stored, BoxType> request = {{{map.data(), 1, kChannels, kHeight, kWidth, kScale}},
                                                        boxes.data(),
                                                        kBoxes,
                                                        images.data(),
                                                        nullptr,
                                                        output.data()};
  const roiops::RoiAlignOptions options = {{kBins, kBins}, {true, 2}, roiops::Pooling::kAverage};
  for (int i = 0; i < repeats; ++i) roiops::Pool(request, options, RunSerially);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const std::string type = arguments[1];
  const int repeats = std::atoi(arguments[2]);
  if (type == "float32") return PoolBoxes<float, float>(repeats);
  if (type == "float64") return PoolBoxes<double, double>(repeats);
  if (type == "float16") return PoolBoxes<roiops::Half, float>(repeats);
  if (type == "bfloat16") return PoolBoxes<roiops::BFloat16, float>(repeats);
  return 2;
}
