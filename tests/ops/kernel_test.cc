// The CPU kernels without ONNX Runtime: numbers, memory, threads. ROIOPS_ISA chooses the kernels, the
// argument the number of random cases.

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>
#include <random>
#include <string>
#include <thread>

#include "failing_allocator.h"
#include "pool_case.h"
#include "thread_pool.h"

namespace {

using roiops_test::ByteSource;
using roiops_test::ThreadPool;

int g_failures = 0;

void Expect(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  ++g_failures;
}

// The second byte says whether the maps of the case are large.
std::vector<uint8_t> RandomBytes(uint32_t seed, bool large) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(512);
  for (uint8_t& byte : bytes) byte = uint8_t(random());
  bytes[1] = large ? 255 : 0;
  return bytes;
}

void RandomCasesAgreeWithDirectLoops(int cases, bool large) {
  for (int i = 0; i < cases; ++i) {
    const std::vector<uint8_t> bytes = RandomBytes(uint32_t(i), large);
    const std::string problem = roiops_test::CheckPoolCase(ByteSource(bytes.data(), bytes.size()));
    Expect(problem.empty(), (large ? "large case " : "case ") + std::to_string(i) + ": " + problem);
  }
}

// Several threads pool at once, each on the same few workers.
void ThreadsShareAPool(int cases) {
  ThreadPool pool(3);
  const roiops::ParallelFor parallel_for = [&](int64_t count, const std::function<void(int64_t)>& task) {
    pool.Run(count, task);
  };
  std::mutex mutex;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = caller; i < cases; i += 4) {
        const std::vector<uint8_t> bytes = RandomBytes(1000000u + uint32_t(i), false);
        const std::string problem =
            roiops_test::CheckPoolCase(ByteSource(bytes.data(), bytes.size()), parallel_for);
        const std::lock_guard<std::mutex> lock(mutex);
        Expect(problem.empty(), "threaded case " + std::to_string(i) + ": " + problem);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

// One sample in the middle of each pixel: the output is the input, bit for bit, for every 16-bit number.
template <class Stored>
void EveryNumberIsCopied(const char* type, uint16_t infinity) {
  std::vector<Stored> numbers(65536), copy(65536);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i].bits = uint16_t(i);
  // Neighbours meet with weight 0, and 0 times infinity is no number.
  for (size_t i = 0; i < numbers.size(); ++i) {
    if ((i & infinity) == infinity) numbers[i].bits = 0;
  }
  const float box[] = {0, 0, 256, 256};
  const int64_t image = 0;
  const roiops::PoolRequest<Stored, float> request = {
      {{numbers.data(), 1, 1, 256, 256, 1.0f}}, box, 1, &image, nullptr, copy.data()};
  roiops::Pool(request, {{256, 256}, {true, 1}, roiops::Pooling::kAverage}, roiops_test::RunSerially);
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
  const roiops::PoolOptions options = {{bins, bins}, {true, 2}, roiops::Pooling::kAverage};
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

// Whichever allocation fails, Pool says so, once, and leaves nothing behind (LeakSanitizer looks).
void AnyAllocationMayFail(const roiops::ParallelFor& parallel_for, const char* threads) {
  const int64_t channels = 40, boxes = 200, bins = 9;
  std::vector<float> map(size_t(channels) * 100, 1.0f), output(size_t(boxes * channels * bins));
  std::vector<float> corners;
  for (int64_t k = 0; k < boxes; ++k) corners.insert(corners.end(), {0, 0, 9, 9});
  const std::vector<int64_t> images(size_t(boxes), 0);
  const roiops::PoolRequest<float, float> request = {{{map.data(), 1, channels, 10, 10, 1.0f}},
                                                     corners.data(),
                                                     boxes,
                                                     images.data(),
                                                     nullptr,
                                                     output.data()};
  const roiops::PoolOptions options = {{3, 3}, {true, 2}, roiops::Pooling::kMax};
  int refused = 0;
  for (bool done = false; !done && refused < 100000; refused += !done) {
    roiops_test::AllowAllocations(refused);
    try {
      roiops::Pool(request, options, parallel_for);
      done = true;
    } catch (const std::bad_alloc&) {
    }
    roiops_test::AllowAllocations(INT64_MAX);
  }
  Expect(refused > 5 && refused < 100000,
         std::string(threads) + ": " + std::to_string(refused) + " failed allocations were reported");
  Expect(output[0] == 1.0f && output.back() == 1.0f, "the run with enough memory is right");
}

}  // namespace

int main(int argc, char** argv) {
  const int cases = argc > 1 ? std::atoi(argv[1]) : 10000;
  std::printf("%s kernels, %d random cases\n", roiops::ActiveKernels().name, cases);
  RandomCasesAgreeWithDirectLoops(cases, false);
  RandomCasesAgreeWithDirectLoops(cases / 100, true);
  ThreadsShareAPool(cases / 10);
  EveryNumberIsCopied<roiops::Half>("float16", 0x7C00);
  EveryNumberIsCopied<roiops::BFloat16>("bfloat16", 0x7F80);
  LargeResultsAreThoseOfSmallOnes<float>("float32");
  LargeResultsAreThoseOfSmallOnes<double>("float64");
  LargeResultsAreThoseOfSmallOnes<roiops::Half>("float16");
  LargeResultsAreThoseOfSmallOnes<roiops::BFloat16>("bfloat16");
  AnyAllocationMayFail(roiops_test::RunSerially, "one thread");
  ThreadPool pool(3);
  AnyAllocationMayFail(
      [&](int64_t count, const std::function<void(int64_t)>& task) { pool.Run(count, task); },
      "four threads");
  std::printf("%d failures\n", g_failures);
  return g_failures ? 1 : 0;
}
