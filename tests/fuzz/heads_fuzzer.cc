// PasteMasks and HeatmapsToKeypoints on the CPU against the algorithms of their CUDA kernels.

#include <cstdio>
#include <cstdlib>

#include "heads_case.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string problem = roiops_test::CheckHeadsCase(roiops_test::ByteSource(data, size));
  if (!problem.empty()) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    std::abort();
  }
  return 0;
}
