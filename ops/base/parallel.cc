#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <thread>

namespace roiops {

void RunWorkItems(const ParallelFor& parallel_for, int64_t count, const std::function<void(int64_t)>& item) {
  std::atomic<bool> out_of_memory{false};
  const auto guarded = [&](int64_t i) {
    try {
      item(i);
    } catch (...) {  // a lack of memory: items throw nothing else
      out_of_memory = true;
    }
  };
  if (count == 1) {
    guarded(0);
  } else {
    parallel_for(count, guarded);
  }
  if (out_of_memory) throw std::bad_alloc();
}

// Cached: hardware_concurrency() reads /sys.
int64_t ProcessorCount() {
  static const int64_t processors = std::max(1u, std::thread::hardware_concurrency());
  return processors;
}

}  // namespace roiops
