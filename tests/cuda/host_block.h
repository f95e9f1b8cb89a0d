// The block algorithm of the CUDA kernels on the host: the device's arithmetic, and its memory accesses where
// sanitizers see them, without a device.

#ifndef ROIOPS_TESTS_HOST_BLOCK_H_
#define ROIOPS_TESTS_HOST_BLOCK_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pooling/cpu/pool.h"
#include "pooling/cuda/block.h"
#include "roi_align/rule.h"

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
template <class Rule, class Stored, class Block>
void RunItems(const roiops::CudaRequest<Rule>& request, const Block& block,
              roiops::BlockMemory<Rule, Stored>& memory) {
  const roiops::BoxPooler<Rule, Stored, Block> pooler(request, memory, block);
  for (int64_t item = 0; item < request.work_items; ++item) pooler.Run(item);
}

template <class Rule, class Stored>
void PoolSerially(const roiops::CudaRequest<Rule>& request) {
  const auto memory = std::make_unique<roiops::BlockMemory<Rule, Stored>>();
  RunItems(request, SerialBlock(), *memory);
}

template <class Rule, class Stored>
void PoolOnThreads(const roiops::CudaRequest<Rule>& request, int count) {
  const auto memory = std::make_unique<roiops::BlockMemory<Rule, Stored>>();
  Barrier barrier(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] { RunItems(request, BlockOnThreads{i, count, &barrier}, *memory); });
  }
  for (std::thread& thread : threads) thread.join();
}

// A request for the CPU kernels as one for the device.
template <class Rule, class Stored, class BoxType>
roiops::CudaRequest<Rule> ToCudaRequest(const roiops::PoolRequest<Stored, BoxType>& from,
                                        const roiops::PoolOptions<Rule>& options) {
  roiops::CudaRequest<Rule> request = {};
  roiops::SetMaps(request, from.maps.data(), from.maps.size(), sizeof(Stored));
  request.float_boxes = std::is_same_v<BoxType, float>;
  request.wide_batch = true;
  request.boxes = from.boxes;
  request.batch = from.images;
  request.levels = from.levels;
  request.output = from.output;
  request.count = from.count;
  request.size = options.output;
  request.rule = options.rule;
  request.pooling = options.pooling;
  return request;
}

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_HOST_BLOCK_H_
