// The project's launch of the kernels for a rule, as nvcc compiles them.

#ifndef ROIOPS_TESTS_EMULATED_POOLING_LAUNCH_H_
#define ROIOPS_TESTS_EMULATED_POOLING_LAUNCH_H_

#include "base/half.h"
#include "plain_request.h"

namespace roiops_test {

// Null or an error.
template <class Rule>
const char* Launch(const PlainRequest& plain, const Rule& rule) {
  using namespace roiops;
  constexpr const char* (*kLaunch[])(const CudaRequest<Rule>&, void*) = {
      LaunchCudaPooling<Rule, float>, LaunchCudaPooling<Rule, double>, LaunchCudaPooling<Rule, Half>,
      LaunchCudaPooling<Rule, BFloat16>};
  const CudaRequest<Rule> request = RequestOf(plain, rule);
  return request.work_items == 0 ? nullptr : kLaunch[plain.dtype](request, nullptr);
}

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_EMULATED_POOLING_LAUNCH_H_
