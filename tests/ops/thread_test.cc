// The CPU kernels without ONNX Runtime on several threads, and with memory that runs out; for ThreadSanitizer
// and LeakSanitizer in particular. ROIOPS_ISA chooses the kernels, the argument the number of random cases.

#include <mutex>
#include <new>
#include <thread>

#include "expect.h"
#include "failing_allocator.h"
#include "heatmaps_to_keypoints/cpu/keypoints.h"
#include "paste_masks/cpu/paste.h"
#include "pool_case.h"
#include "thread_pool.h"

namespace {

using roiops_test::ByteSource;
using roiops_test::Expect;
using roiops_test::RandomBytes;
using roiops_test::ThreadPool;

// Several threads pool at once, each on the same few workers.
void CallersShareThreads(int cases, const roiops::ParallelFor& parallel_for) {
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

// Enough boxes for several chunks of them, several groups in each and several parts of the channels.
void ManyBoxesAreThoseOfOneThread(const roiops::ParallelFor& parallel_for) {
  const int64_t channels = 40, boxes = 5000, bins = 4;
  std::mt19937 random(1);
  std::vector<float> map(size_t(2 * channels) * 100), corners(size_t(4 * boxes));
  for (float& value : map) value = float(random() % 1000) / 1000;
  for (float& corner : corners) corner = float(random() % 1200) / 100;
  std::vector<int64_t> images(static_cast<size_t>(boxes));
  for (int64_t& image : images) image = int64_t(random() % 2);
  std::vector<float> alone(size_t(boxes * channels * bins)), together(alone.size(), -1.0f);
  roiops::PoolRequest<float, float> request = {
      {{map.data(), 2, channels, 10, 10, 1.0f}}, corners.data(), boxes, images.data(), nullptr, alone.data()};
  const roiops::RoiAlignOptions options = {{2, 2}, {true, 2}, roiops::Pooling::kAverage};
  roiops::Pool(request, options, roiops_test::RunSerially);
  request.output = together.data();
  roiops::Pool(request, options, parallel_for);
  Expect(alone == together, "many boxes on four threads are those of one");
}

// The masks and keypoints of many boxes on several threads, and with memory that runs out.
void HeadsAreThoseOfOneThread(const roiops::ParallelFor& parallel_for) {
  const int64_t count = 60, side = 9, height = 70, width = 90;
  std::mt19937 random(2);
  std::vector<float> pixels(size_t(count * side * side)), boxes(size_t(4 * count));
  for (float& pixel : pixels) pixel = float(random() % 1000) / 1000;
  for (float& corner : boxes) corner = float(random() % 800) / 10;
  std::vector<float> alone(size_t(count * height * width)), together(alone.size(), -1.0f);
  std::vector<float> points(size_t(3 * count)), scores(static_cast<size_t>(count));
  std::vector<float> others = points, other_scores = scores;
  const auto paste = [&](std::vector<float>& to, const roiops::ParallelFor& threads) {
    const roiops::PasteRequest<float, float> request = {pixels.data(), boxes.data(), count, side,
                                                        side,          height,       width, to.data()};
    roiops::PasteMasks(request, {roiops::PasteConvention::kDetectron2, roiops::PasteOutput::kSoft, 0.5f},
                       threads);
  };
  const auto find = [&](std::vector<float>& to, std::vector<float>& to_scores,
                        const roiops::ParallelFor& threads) {
    const roiops::KeypointRequest<float, float> request = {
        pixels.data(), boxes.data(), count, 1, side, side, to.data(), to_scores.data()};
    roiops::HeatmapsToKeypoints(request, roiops::KeypointConvention::kTorchvision, threads);
  };
  paste(alone, roiops_test::RunSerially);
  paste(together, parallel_for);
  Expect(alone == together, "masks on four threads are those of one");
  find(points, scores, roiops_test::RunSerially);
  find(others, other_scores, parallel_for);
  Expect(points == others && scores == other_scores, "keypoints on four threads are those of one");
  int refused = 0;
  for (int64_t allowed = 0; allowed < 50; ++allowed) {
    roiops_test::AllowAllocations(allowed);
    try {
      paste(together, parallel_for);
      find(others, other_scores, parallel_for);
    } catch (const std::bad_alloc&) {
      ++refused;
    }
    roiops_test::AllowAllocations(INT64_MAX);
  }
  Expect(refused == 50, std::to_string(refused) + " of 50 lacks of memory are reported");
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
  const roiops::RoiAlignOptions options = {{3, 3}, {true, 2}, roiops::Pooling::kMax};
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
  const int cases = roiops_test::RandomCases(argc, argv);
  ThreadPool pool(3);
  const roiops::ParallelFor four_threads = [&](int64_t count, const std::function<void(int64_t)>& item) {
    pool.Run(count, item);
  };
  CallersShareThreads(cases / 10, four_threads);
  ManyBoxesAreThoseOfOneThread(four_threads);
  HeadsAreThoseOfOneThread(four_threads);
  AnyAllocationMayFail(roiops_test::RunSerially, "one thread");
  AnyAllocationMayFail(four_threads, "four threads");
  return roiops_test::ExitStatus();
}
