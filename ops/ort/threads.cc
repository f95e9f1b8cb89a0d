#include "ort/threads.h"

namespace roiops::ort {

ParallelFor SessionThreads(const KernelContext& context) {
  return [raw = context.get()](int64_t count, const std::function<void(int64_t)>& item) {
    const auto run = [](void* item_pointer, size_t i) {
      (*static_cast<const std::function<void(int64_t)>*>(item_pointer))(int64_t(i));
    };
    void* item_pointer = const_cast<std::function<void(int64_t)>*>(&item);
    Check(Api().KernelContext_ParallelFor(raw, run, size_t(count), 0, item_pointer));
  };
}

}  // namespace roiops::ort
