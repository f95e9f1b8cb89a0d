// The block algorithm of the CUDA kernels against the direct loops, on guarded memory, as one thread after
// the other and as threads with barriers. Built with sanitizers it finds on the host what memcheck and
// racecheck look for on a device. The argument is the number of random cases.

#include <cstdio>
#include <cstdlib>
#include <random>

#include "host_block.h"
#include "pool_case.h"

namespace {

constexpr int kThreads = 5;  // not a divisor of anything, and fewer than the bins of a plan

std::vector<uint8_t> RandomBytes(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(512);
  for (uint8_t& byte : bytes) byte = uint8_t(random());
  return bytes;
}

template <class Pool>
int Failures(int cases, const char* name, const Pool& pool) {
  int failures = 0;
  for (int i = 0; i < cases; ++i) {
    const std::vector<uint8_t> bytes = RandomBytes(uint32_t(i));
    const std::string problem = roiops_test::CheckPoolCaseOf(
        roiops_test::ByteSource(bytes.data(), bytes.size()), [&](const auto& request, const auto& options) {
          roiops::CudaRequest<roiops::SamplingRule> on_device = roiops_test::ToCudaRequest(request, options);
          if (on_device.count == 0 || on_device.channels == 0) return;
          roiops::ChooseTiles(on_device);
          pool(on_device, request.output);
        });
    if (problem.empty()) continue;
    std::fprintf(stderr, "FAILED: %s case %d: %s\n", name, i, problem.c_str());
    ++failures;
  }
  return failures;
}

}  // namespace

int main(int argc, char** argv) {
  const int cases = argc > 1 ? std::atoi(argv[1]) : 300;
  const auto serial = [](const roiops::CudaRequest<roiops::SamplingRule>& request, auto* output) {
    roiops_test::PoolSerially<roiops::SamplingRule, std::remove_pointer_t<decltype(output)>>(request);
  };
  const auto threads = [](const roiops::CudaRequest<roiops::SamplingRule>& request, auto* output) {
    roiops_test::PoolOnThreads<roiops::SamplingRule, std::remove_pointer_t<decltype(output)>>(request,
                                                                                              kThreads);
  };
  const int failures = Failures(cases, "serial", serial) + Failures(cases / 4, "threaded", threads);
  std::printf("%d failures\n", failures);
  return failures != 0;
}
