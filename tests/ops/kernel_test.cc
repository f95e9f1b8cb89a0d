// The CPU kernels without ONNX Runtime on one thread: numbers, and memory that ends where the tensors end.
// ROIOPS_ISA chooses the kernels, the argument the number of random cases.

#include <random>

#include "expect.h"
#include "pool_case.h"

namespace {

using roiops_test::ByteSource;
using roiops_test::Expect;
using roiops_test::RandomBytes;

void RandomCasesAgreeWithDirectLoops(int cases, bool large) {
  for (int i = 0; i < cases; ++i) {
    const std::vector<uint8_t> bytes = RandomBytes(uint32_t(i), large);
    const std::string problem = roiops_test::CheckPoolCase(ByteSource(bytes.data(), bytes.size()));
    Expect(problem.empty(), (large ? "large case " : "case ") + std::to_string(i) + ": " + problem);
  }
}

// One sample in the middle of each pixel: the output is the input, bit for bit, for every 16-bit number.
template <class Stored>
void EveryNumberIsCopied(const char* type, uint16_t infinity) {
  std::vector<Stored> numbers(65536), copy(65536);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i].bits = uint16_t(i);
  // NaN need not keep its bits.
  for (size_t i = 0; i < numbers.size(); ++i) {
    if ((i & 0x7FFF) > infinity) numbers[i].bits = 0;
  }
  const float box[] = {0, 0, 256, 256};
  const int64_t image = 0;
  const roiops::PoolRequest<Stored, float> request = {
      {{numbers.data(), 1, 1, 256, 256, 1.0f}}, box, 1, &image, nullptr, copy.data()};
  const roiops::RoiAlignOptions options = {{256, 256}, {true, 1}, roiops::Pooling::kAverage};
  roiops::Pool(request, options, roiops_test::RunSerially);
  for (size_t i = 0; i < numbers.size(); ++i) {
    const bool zero = (numbers[i].bits & 0x7FFF) == 0 && (copy[i].bits & 0x7FFF) == 0;
    Expect(zero || copy[i].bits == numbers[i].bits,
           std::string(type) + " " + std::to_string(i) + " became " + std::to_string(copy[i].bits));
  }
}

// Results too large for the cache are written another way than those of a few boxes.
template <class Stored>
void LargeResultsAreThoseOfSmallOnes(const char* type, int64_t bins) {
  const int64_t channels = 37, size = channels * bins * bins;
  const int64_t boxes = int64_t(size_t(12) << 20) / (size * int64_t(sizeof(Stored)));
  std::mt19937 random(1);
  std::vector<Stored> map(size_t(channels * 20 * 20));
  for (Stored& value : map) roiops_test::StoreAs(double(random()) / 4294967296.0, &value);
  using BoxType = typename roiops::ComputeType<Stored>::Type;
  std::vector<BoxType> corners(size_t(4 * boxes));
  for (BoxType& corner : corners) corner = BoxType(random() % 2400) / 100;
  const std::vector<int64_t> images(size_t(boxes), 0);
  const roiops::RoiAlignOptions options = {{bins, bins}, {true, 2}, roiops::Pooling::kAverage};
  roiops_test::GuardedBuffer whole(size_t(boxes * size) * sizeof(Stored), roiops_test::Against::kEnd);
  std::vector<Stored> part(size_t(size) * 10);
  roiops::PoolRequest<Stored, BoxType> request = {{{map.data(), 1, channels, 20, 20, 1.0f}},
                                                  corners.data(),
                                                  boxes,
                                                  images.data(),
                                                  nullptr,
                                                  whole.As<Stored>()};
  roiops::Pool(request, options, roiops_test::RunSerially);
  Expect(whole.SlackIntact(), std::string(type) + ": wrote outside of a large output");
  for (int64_t k = 0; k < boxes; k += request.count) {
    request.boxes = corners.data() + 4 * k;
    request.count = std::min<int64_t>(10, boxes - k);
    request.output = part.data();
    roiops::Pool(request, options, roiops_test::RunSerially);
    const size_t bytes = size_t(request.count * size) * sizeof(Stored);
    Expect(std::memcmp(part.data(), whole.As<Stored>() + k * size, bytes) == 0,
           std::string(type) + ": large result differs from box " + std::to_string(k) + " on");
  }
}

template <class Stored>
void LargeResultsAreThoseOfSmallOnes(const char* type) {
  for (const int64_t bins : {1, 3, 7, 33}) LargeResultsAreThoseOfSmallOnes<Stored>(type, bins);
}

}  // namespace

int main(int argc, char** argv) {
  const int cases = roiops_test::RandomCases(argc, argv);
  RandomCasesAgreeWithDirectLoops(cases, false);
  RandomCasesAgreeWithDirectLoops(cases / 100, true);
  EveryNumberIsCopied<roiops::Half>("float16", 0x7C00);
  EveryNumberIsCopied<roiops::BFloat16>("bfloat16", 0x7F80);
  LargeResultsAreThoseOfSmallOnes<float>("float32");
  LargeResultsAreThoseOfSmallOnes<double>("float64");
  LargeResultsAreThoseOfSmallOnes<roiops::Half>("float16");
  LargeResultsAreThoseOfSmallOnes<roiops::BFloat16>("bfloat16");
  return roiops_test::ExitStatus();
}
