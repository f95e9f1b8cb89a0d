// HeatmapsToKeypoints on the emulator, called through ctypes.

#include "base/half.h"
#include "plain_heads.h"

extern "C" const char* HeatmapsToKeypoints(const roiops_test::PlainKeypoints* plain) {
  using namespace roiops;
  constexpr const char* (*kLaunch[])(const CudaKeypointRequest&, void*) = {
      LaunchCudaKeypoints<float>, LaunchCudaKeypoints<double>, LaunchCudaKeypoints<Half>,
      LaunchCudaKeypoints<BFloat16>};
  return kLaunch[plain->dtype](roiops_test::RequestOf(*plain), nullptr);
}
