// The project's launch, called through ctypes: as tests/cuda/block_on_host.cc, with the kernels as nvcc
// compiles them.

#include "base/half.h"
#include "plain_request.h"

namespace {

template <class Rule>
const char* Launch(const roiops_test::PlainRequest& plain, const Rule& rule, int64_t* items) {
  using namespace roiops;
  constexpr const char* (*kLaunch[])(const CudaRequest<Rule>&, void*) = {
      LaunchCudaPooling<Rule, float>, LaunchCudaPooling<Rule, double>, LaunchCudaPooling<Rule, Half>,
      LaunchCudaPooling<Rule, BFloat16>};
  const CudaRequest<Rule> request = roiops_test::RequestOf(plain, rule);
  *items = request.work_items;
  return *items == 0 ? nullptr : kLaunch[plain.dtype](request, nullptr);
}

}  // namespace

// Null or an error.
extern "C" const char* Pool(const roiops_test::PlainRequest* plain, int64_t* items) {
#if defined(ROIOPS_EMULATED_ROI_POOL)
  return Launch(*plain, roiops::RoiPoolRule(), items);
#else
  return Launch(*plain, roiops::SamplingRule{bool(plain->aligned), plain->sampling_ratio}, items);
#endif
}
