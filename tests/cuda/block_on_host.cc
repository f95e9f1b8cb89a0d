// The block algorithm of the CUDA kernels as a library that tests call through ctypes.

#include "host_block.h"
#include "plain_request.h"

namespace {

template <class Rule>
void Pool(const roiops_test::PlainRequest& plain, const Rule& rule) {
  using namespace roiops_test;
  constexpr void (*kPool[])(const roiops::CudaRequest<Rule>&) = {
      PoolSerially<Rule, float>, PoolSerially<Rule, double>, PoolSerially<Rule, roiops::Half>,
      PoolSerially<Rule, roiops::BFloat16>};
  kPool[plain.dtype](RequestOf(plain, rule));
}

}  // namespace

extern "C" void PoolOnHost(const roiops_test::PlainRequest* plain) {
  roiops_test::WithRule(*plain, [&](const auto& rule) { Pool(*plain, rule); });
}
