#include "ort/threads.h"

namespace roiops::ort {

ParallelFor SessionThreads(const KernelContext& context) {
  return [raw = context.get()](int64_t count, const std::function<void(int64_t)>& task) {
    const auto run = [](void* task_pointer, size_t i) {
      (*static_cast<const std::function<void(int64_t)>*>(task_pointer))(int64_t(i));
    };
    void* task_pointer = const_cast<std::function<void(int64_t)>*>(&task);
    Check(Api().KernelContext_ParallelFor(raw, run, size_t(count), 0, task_pointer));
  };
}

}  // namespace roiops::ort
