// ops/cpu/scratch.h: where the parts of a buffer lie, and who has which buffer.

#include "cpu/scratch.h"

#include <atomic>
#include <cstring>
#include <string>
#include <thread>

#include "expect.h"

namespace {

using roiops::Scratch;
using roiops::ScratchBuffer;
using roiops::ScratchPool;
using roiops_test::Expect;

// Each part is written whole, and none loses what is in it to another.
void PartsAreAlignedAndApart(size_t channels, int64_t tile, int64_t columns, int64_t outputs, bool staged) {
  const ScratchBuffer buffer(channels, tile, columns, outputs, staged, sizeof(float));
  const Scratch& scratch = buffer.get();
  Expect(bool(scratch.staged) == staged, "staged outputs are there where they are asked for");
  struct Region {
    void* memory;
    size_t bytes;
  };
  std::vector<Region> regions = {
      {scratch.tile, size_t(tile)}, {scratch.columns, size_t(columns)}, {scratch.outputs, size_t(outputs)}};
  if (staged) regions.push_back({scratch.staged, size_t(outputs)});
  for (size_t i = 0; i < regions.size(); ++i) {
    regions[i].bytes *= channels * sizeof(float);
    Expect(reinterpret_cast<uintptr_t>(regions[i].memory) % roiops::kVectorAlignment == 0,
           "region " + std::to_string(i) + " is aligned");
    std::memset(regions[i].memory, int(i) + 1, regions[i].bytes);
  }
  for (size_t i = 0; i < regions.size(); ++i) {
    const unsigned char* bytes = static_cast<const unsigned char*>(regions[i].memory);
    bool intact = true;
    for (size_t at = 0; at < regions[i].bytes; ++at) intact = intact && bytes[at] == i + 1;
    Expect(intact, "region " + std::to_string(i) + " overlaps another");
  }
}

ScratchPool::Buffer Make(std::atomic<int>& made) {
  ++made;
  return std::make_unique<ScratchBuffer>(1, 1, 1, 1, false, sizeof(float));
}

void ABufferThatWasGivenBackIsTakenAgain() {
  std::atomic<int> made{0};
  ScratchPool pool;
  ScratchPool::Buffer first = pool.Take([&] { return Make(made); });
  const ScratchPool::Buffer second = pool.Take([&] { return Make(made); });
  Expect(made == 2 && first != second, "two at a time are two buffers");
  const ScratchBuffer* const address = first.get();
  pool.Give(std::move(first));
  first = pool.Take([&] { return Make(made); });
  Expect(made == 2 && first.get() == address, "a buffer is not made where one is free");
}

// Whoever holds a buffer finds in it what it wrote; there are never more than threads.
void ThreadsHoldDifferentBuffers() {
  constexpr int kThreads = 4;
  std::atomic<int> made{0}, disturbed{0};
  ScratchPool pool;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        ScratchPool::Buffer buffer = pool.Take([&] { return Make(made); });
        float* const number = static_cast<float*>(buffer->get().tile);
        *number = float(t);
        std::this_thread::yield();
        disturbed += *number != float(t);
        pool.Give(std::move(buffer));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Expect(disturbed == 0, "a buffer was held twice");
  Expect(made >= 1 && made <= kThreads, std::to_string(made) + " buffers were made");
}

}  // namespace

int main() {
  for (const bool staged : {false, true}) {
    for (const size_t channels : {4, 8, 32}) {
      PartsAreAlignedAndApart(channels, 1, 1, 1, staged);
      PartsAreAlignedAndApart(channels, 1000, 513, 1025, staged);
      PartsAreAlignedAndApart(channels, 0, 3, 7, staged);
    }
  }
  ABufferThatWasGivenBackIsTakenAgain();
  ThreadsHoldDifferentBuffers();
  return roiops_test::ExitStatus();
}
