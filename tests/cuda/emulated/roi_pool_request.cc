// RoiPool on the emulator, called through ctypes.

#include "emulated/launch.h"

extern "C" const char* Pool(const roiops_test::PlainRequest* plain, int64_t* items) {
  return roiops_test::Launch(*plain, roiops::RoiPoolRule(), items);
}
