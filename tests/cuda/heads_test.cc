// The block algorithms of PasteMasks and HeatmapsToKeypoints against the CPU's kernels, as one thread after
// the other and as threads with barriers. The argument is the number of random cases.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "heatmaps_to_keypoints/cpu/keypoints.h"
#include "host_heads.h"
#include "paste_masks/cpu/paste.h"
#include "plain_heads.h"

namespace {

constexpr int kThreads = 5;  // not a divisor of anything

void OneAfterTheOther(int64_t count, const std::function<void(int64_t)>& item) {
  for (int64_t i = 0; i < count; ++i) item(i);
}

class Random {
 public:
  explicit Random(int seed) : engine_(uint32_t(seed)) {}
  int64_t Integer(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine_);
  }
  float Real(float low, float high) { return std::uniform_real_distribution<float>(low, high)(engine_); }

 private:
  std::mt19937 engine_;
};

std::vector<float> Boxes(Random& random, int64_t count) {
  std::vector<float> boxes;
  for (int64_t k = 0; k < count; ++k) {
    const float x = random.Real(-20, 60), y = random.Real(-20, 60);
    boxes.insert(boxes.end(), {x, y, x + random.Real(-5, 60), y + random.Real(-5, 60)});
    if (random.Integer(0, 5) == 0) boxes[size_t(4 * k + 2)] = x;
  }
  return boxes;
}

std::vector<float> Values(Random& random, int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = random.Real(0, 1);
  return values;
}

bool Close(float a, float b) { return (a != a && b != b) || std::abs(a - b) <= 1e-5f * (1 + std::abs(b)); }

bool CheckPaste(int seed, int threads) {
  Random random(seed);
  const int64_t count = random.Integer(1, 4), mask = random.Integer(1, 9);
  const int64_t height = random.Integer(1, 70), width = random.Integer(1, 300);
  const std::vector<float> masks = Values(random, count * mask * (mask + 1)), boxes = Boxes(random, count);
  const roiops::PasteOptions options = {roiops::PasteConvention(seed % 3), roiops::PasteOutput::kSoft, 0.5f};
  std::vector<float> expected(size_t(count * height * width)), found(expected.size(), -7.0f);
  const roiops::PasteRequest<float, float> request = {masks.data(), boxes.data(), count, mask,
                                                      mask + 1,     height,       width, expected.data()};
  roiops::PasteMasks(request, options, OneAfterTheOther);
  roiops_test::PlainPaste plain = {
      masks.data(), boxes.data(), found.data(), count, mask, mask + 1, height, width, 0, 1, seed % 3, 0,
      0.5f};
  roiops_test::PasteOnHost<float>(roiops_test::RequestOf(plain), threads);
  for (size_t i = 0; i < found.size(); ++i) {
    if (!Close(found[i], expected[i])) return false;
  }
  // The bytes are those of the values.
  std::vector<uint8_t> binary(found.size()), bytes(found.size());
  plain.output = binary.data();
  plain.output_kind = 1;
  roiops_test::PasteOnHost<float>(roiops_test::RequestOf(plain), threads);
  plain.output = bytes.data();
  plain.output_kind = 2;
  roiops_test::PasteOnHost<float>(roiops_test::RequestOf(plain), threads);
  for (size_t i = 0; i < found.size(); ++i) {
    const float scaled = found[i] > 0 ? found[i] * 255 : 0;
    if (binary[i] != (found[i] >= 0.5f) || bytes[i] != uint8_t(scaled < 255 ? scaled : 255)) return false;
  }
  return true;
}

bool CheckKeypoints(int seed, int threads) {
  Random random(seed);
  const int64_t count = random.Integer(1, 3), keypoints = random.Integer(1, 3);
  const int64_t height = random.Integer(1, 20), width = random.Integer(1, 20);
  const std::vector<float> maps = Values(random, count * keypoints * height * width);
  const std::vector<float> boxes = Boxes(random, count);
  const auto convention = roiops::KeypointConvention(seed % 2);
  const size_t columns = seed % 2 ? 4 : 3, points = size_t(count * keypoints);
  std::vector<float> expected(points * columns), expected_scores(points);
  std::vector<float> found(points * columns, -7.0f), scores(points, -7.0f);
  const roiops::KeypointRequest<float, float> request = {
      maps.data(), boxes.data(), count, keypoints, height, width, expected.data(), expected_scores.data()};
  roiops::HeatmapsToKeypoints(request, convention, OneAfterTheOther);
  const roiops_test::PlainKeypoints plain = {
      maps.data(), boxes.data(), found.data(), scores.data(), count, keypoints, height, width, 0,
      1,           seed % 2};
  roiops_test::FindKeypointsOnHost<float>(roiops_test::RequestOf(plain), threads);
  for (size_t i = 0; i < points; ++i) {
    // Where two pixels are as large, the values still agree.
    if (!Close(scores[i], expected_scores[i])) return false;
    if (!Close(found[columns * i + 2], expected[columns * i + 2])) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const int cases = argc > 1 ? std::atoi(argv[1]) : 200;
  int failures = 0;
  const auto check = [&](bool (*holds)(int, int), const char* name, int seed, int threads) {
    if (holds(seed, threads)) return;
    std::fprintf(stderr, "FAILED: %s case %d, threads %d\n", name, seed, threads);
    ++failures;
  };
  for (int seed = 0; seed < cases; ++seed) {
    for (const int threads : {0, kThreads}) {
      if (threads && seed % 4) continue;
      check(CheckPaste, "PasteMasks", seed, threads);
      check(CheckKeypoints, "HeatmapsToKeypoints", seed, threads);
    }
  }
  std::printf("%d failures\n", failures);
  return failures != 0;
}
