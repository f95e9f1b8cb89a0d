#include "failing_allocator.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<int64_t> g_left{INT64_MAX};

bool MayAllocate() { return g_left.fetch_sub(1, std::memory_order_relaxed) > 0; }

}  // namespace

void roiops_test::AllowAllocations(int64_t count) { g_left = count; }

void* operator new(size_t bytes) {
  void* memory = MayAllocate() ? std::malloc(bytes ? bytes : 1) : nullptr;
  if (!memory) throw std::bad_alloc();
  return memory;
}

void* operator new(size_t bytes, std::align_val_t alignment) {
  const size_t unit = size_t(alignment);
  void* memory = MayAllocate() ? std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit) : nullptr;
  if (!memory) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
