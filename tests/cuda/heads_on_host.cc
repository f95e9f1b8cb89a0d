// The block algorithms of PasteMasks and HeatmapsToKeypoints as a library that tests call through ctypes.

#include "host_heads.h"
#include "plain_heads.h"

using roiops::BFloat16;
using roiops::Half;

extern "C" void PasteOnHost(const roiops_test::PlainPaste* plain) {
  using namespace roiops_test;
  constexpr void (*kPaste[])(const roiops::CudaPasteRequest&, int) = {
      PasteOnHost<float>, PasteOnHost<double>, PasteOnHost<Half>, PasteOnHost<BFloat16>};
  kPaste[plain->dtype](RequestOf(*plain), 0);
}

extern "C" void KeypointsOnHost(const roiops_test::PlainKeypoints* plain) {
  using namespace roiops_test;
  constexpr void (*kFind[])(const roiops::CudaKeypointRequest&, int) = {
      FindKeypointsOnHost<float>, FindKeypointsOnHost<double>, FindKeypointsOnHost<Half>,
      FindKeypointsOnHost<BFloat16>};
  kFind[plain->dtype](RequestOf(*plain), 0);
}
