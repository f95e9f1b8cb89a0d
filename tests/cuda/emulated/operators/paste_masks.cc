// PasteMasks on the emulator, called through ctypes.

#include "base/half.h"
#include "plain_heads.h"

extern "C" const char* PasteMasks(const roiops_test::PlainPaste* plain) {
  using namespace roiops;
  constexpr const char* (*kLaunch[])(const CudaPasteRequest&, void*) = {
      LaunchCudaPasteMasks<float>, LaunchCudaPasteMasks<double>, LaunchCudaPasteMasks<Half>,
      LaunchCudaPasteMasks<BFloat16>};
  return kLaunch[plain->dtype](roiops_test::RequestOf(*plain), nullptr);
}
