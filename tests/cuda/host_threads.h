// Blocks of threads on the host: see cuda/block.h.

#ifndef ROIOPS_TESTS_HOST_THREADS_H_
#define ROIOPS_TESTS_HOST_THREADS_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "cuda/block.h"

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

template <class Run>
void RunOnThreads(int count, const Run& run) {
  Barrier barrier(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] { run(BlockOnThreads{i, count, &barrier}); });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_HOST_THREADS_H_
