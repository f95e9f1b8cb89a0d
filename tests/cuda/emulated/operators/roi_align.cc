// RoiAlign on the emulator, called through ctypes.

#include "operators/pooling_launch.h"

extern "C" const char* Pool(const roiops_test::PlainRequest* plain) {
  return roiops_test::Launch(*plain, roiops::SamplingRule{bool(plain->aligned), plain->sampling_ratio});
}
