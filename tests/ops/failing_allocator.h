// Memory that runs out when a test wants it to: linking failing_allocator.cc replaces operator new.

#ifndef ROIOPS_TESTS_FAILING_ALLOCATOR_H_
#define ROIOPS_TESTS_FAILING_ALLOCATOR_H_

#include <cstdint>

namespace roiops_test {

// The next `count` calls of operator new, of all threads together, go through; those after them throw.
void AllowAllocations(int64_t count);

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_FAILING_ALLOCATOR_H_
