// Pool() against direct loops, for every type and mode, on memory that ends where the tensors end.

#include <cstdio>
#include <cstdlib>

#include "pool_case.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string problem = roiops_test::CheckPoolCase(roiops_test::ByteSource(data, size));
  if (!problem.empty()) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    std::abort();
  }
  return 0;
}
