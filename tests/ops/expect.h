// What the test programs of the kernels share: expectations, random bytes, their argument and exit status.

#ifndef ROIOPS_TESTS_EXPECT_H_
#define ROIOPS_TESTS_EXPECT_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/isa.h"

namespace roiops_test {

inline int g_failures = 0;

inline void Expect(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  ++g_failures;
}

inline int ExitStatus() {
  std::printf("%d failures\n", g_failures);
  return g_failures ? 1 : 0;
}

// What ctest takes for a test that this machine cannot run.
constexpr int kSkipped = 77;

inline int RandomCases(int argc, char** argv) {
  const int cases = argc > 1 ? std::atoi(argv[1]) : 10000;
  try {
    std::printf("%s kernels, %d random cases\n", roiops::IsaName(roiops::ActiveIsa()), cases);
  } catch (const roiops::Error& error) {
    std::printf("skipped: %s\n", error.message.c_str());
    std::exit(kSkipped);
  }
  return cases;
}

// The bytes of a pooling case (pool_case.h); the second one says whether its maps are large.
inline std::vector<uint8_t> RandomBytes(uint32_t seed, bool large) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(512);
  for (uint8_t& byte : bytes) byte = uint8_t(random());
  bytes[1] = large ? 255 : 0;
  return bytes;
}

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_EXPECT_H_
