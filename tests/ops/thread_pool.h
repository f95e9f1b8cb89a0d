#ifndef ROIOPS_TESTS_THREAD_POOL_H_
#define ROIOPS_TESTS_THREAD_POOL_H_

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace roiops_test {

// Threads that wait for work items, as ONNX Runtime's do: the caller takes items too and waits for the rest.
class ThreadPool {
 public:
  explicit ThreadPool(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
  }
  ~ThreadPool() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void Run(int64_t count, const std::function<void(int64_t)>& item) {
    Loop loop = {count, &item, {0}, 0};
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      loops_.push_back(&loop);
    }
    wake_.notify_all();
    TakeItems(loop);
    std::unique_lock<std::mutex> lock(mutex_);
    loops_.erase(std::find(loops_.begin(), loops_.end(), &loop));
    done_.wait(lock, [&] { return loop.helpers == 0; });
  }

 private:
  struct Loop {
    int64_t count;
    const std::function<void(int64_t)>* item;
    std::atomic<int64_t> next;
    int helpers;  // under mutex_
  };

  static void TakeItems(Loop& loop) {
    for (int64_t i = loop.next++; i < loop.count; i = loop.next++) (*loop.item)(i);
  }

  void Work() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return stop_ || OpenLoop(); });
      if (stop_) return;
      Loop& loop = *OpenLoop();
      ++loop.helpers;
      lock.unlock();
      TakeItems(loop);
      lock.lock();
      --loop.helpers;
      done_.notify_all();
    }
  }

  Loop* OpenLoop() const {
    for (Loop* loop : loops_) {
      if (loop->next.load() < loop->count) return loop;
    }
    return nullptr;
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<Loop*> loops_;
  std::vector<std::thread> threads_;
  bool stop_ = false;
};

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_THREAD_POOL_H_
