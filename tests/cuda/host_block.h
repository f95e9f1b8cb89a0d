// The block algorithm of the CUDA kernels on the host: the device's arithmetic, and its memory accesses where
// sanitizers see them, without a device.

#ifndef ROIOPS_TESTS_HOST_BLOCK_H_
#define ROIOPS_TESTS_HOST_BLOCK_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "roi_align/cuda/block.h"

namespace roiops_test {

// Runs a step for one thread number after the other; the end of the loop is the barrier.
struct SerialBlock {
  int Threads() const { return roiops::kBlockThreads; }

  template <class Function>
  void Step(const Function& function) const {
    for (int thread = 0; thread < Threads(); ++thread) function(thread);
  }
};

class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads) {}

  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    const int64_t round = round_;
    if (++waiting_ == threads_) {
      waiting_ = 0;
      ++round_;
      changed_.notify_all();
    } else {
      changed_.wait(lock, [&] { return round_ != round; });
    }
  }

 private:
  const int threads_;
  int waiting_ = 0;
  int64_t round_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
};

// One of several threads that run a block together, as they do on a device: a missing barrier is a data race.
struct BlockOnThreads {
  int thread;
  int threads;
  Barrier* barrier;

  int Threads() const { return threads; }

  template <class Function>
  void Step(const Function& function) const {
    function(thread);
    barrier->Wait();
  }
};

// What a kernel of the device does with one block.
template <class Stored, class Block>
void RunTasks(const roiops::CudaRequest& request, const Block& block, roiops::BlockMemory<Stored>& memory) {
  const roiops::BoxPooler<Stored, Block> pooler(request, memory, block);
  for (int64_t task = 0; task < request.tasks; ++task) pooler.Run(task);
}

template <class Stored>
void PoolSerially(const roiops::CudaRequest& request) {
  const auto memory = std::make_unique<roiops::BlockMemory<Stored>>();
  RunTasks<Stored>(request, SerialBlock(), *memory);
}

template <class Stored>
void PoolOnThreads(const roiops::CudaRequest& request, int count) {
  const auto memory = std::make_unique<roiops::BlockMemory<Stored>>();
  Barrier barrier(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] { RunTasks<Stored>(request, BlockOnThreads{i, count, &barrier}, *memory); });
  }
  for (std::thread& thread : threads) thread.join();
}

// A request for the CPU kernels as one for the device.
template <class Stored, class BoxType>
roiops::CudaRequest ToCudaRequest(const roiops::PoolRequest<Stored, BoxType>& from,
                                  const roiops::PoolOptions& options) {
  roiops::CudaRequest request = {};
  for (const roiops::FeatureMap& map : from.maps) {
    request.maps[request.map_count++] = roiops::MakeCudaMap(map, sizeof(Stored));
  }
  request.float_boxes = std::is_same_v<BoxType, float>;
  request.wide_batch = true;
  request.boxes = from.boxes;
  request.batch = from.images;
  request.levels = from.levels;
  request.output = from.output;
  request.count = from.count;
  request.images = from.maps[0].images;
  request.channels = from.maps[0].channels;
  request.size = options.output;
  request.rule = options.rule;
  request.pooling = options.pooling;
  return request;
}

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_HOST_BLOCK_H_
