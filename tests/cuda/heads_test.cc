// The block algorithms of PasteMasks and HeatmapsToKeypoints against the CPU's kernels, as one thread after
// the other and as threads with barriers. The argument is the number of random cases.

#include <cstdio>
#include <cstdlib>
#include <random>

#include "heads_case.h"

namespace {

constexpr int kThreads = 5;  // not a divisor of anything

std::vector<uint8_t> RandomBytes(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(4096);
  for (uint8_t& byte : bytes) byte = uint8_t(random());
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  const int cases = argc > 1 ? std::atoi(argv[1]) : 800;
  int failures = 0;
  for (int i = 0; i < cases; ++i) {
    const std::vector<uint8_t> bytes = RandomBytes(uint32_t(i));
    const roiops_test::ByteSource source(bytes.data(), bytes.size());
    const std::string problem = roiops_test::CheckHeadsCase(source, i % 4 ? 0 : kThreads);
    if (problem.empty()) continue;
    std::fprintf(stderr, "FAILED: case %d: %s\n", i, problem.c_str());
    ++failures;
  }
  std::printf("%d failures\n", failures);
  return failures != 0;
}
