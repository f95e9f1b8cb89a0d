// Work items on threads, whoever owns the threads.

#ifndef ROIOPS_BASE_PARALLEL_H_
#define ROIOPS_BASE_PARALLEL_H_

#include <cstdint>
#include <functional>

namespace roiops {

// Runs item(i) for i in [0, count), in any order, on one or several threads; items do not throw.
using ParallelFor = std::function<void(int64_t count, const std::function<void(int64_t)>& item)>;

// The same for items that may run out of memory: then throws std::bad_alloc when all have ended. A single
// item runs on the calling thread.
void RunWorkItems(const ParallelFor& parallel_for, int64_t count, const std::function<void(int64_t)>& item);

// The number of processors, at least 1.
int64_t ProcessorCount();

}  // namespace roiops

#endif  // ROIOPS_BASE_PARALLEL_H_
