// What CUDA says when a kernel cannot be run; null if all is well.

#ifndef ROIOPS_CUDA_ERRORS_H_
#define ROIOPS_CUDA_ERRORS_H_

#include <stdexcept>
#include <string>

#include "base/error.h"

namespace roiops {

inline void CheckKernelsLoad(const char* problem) {
  if (problem) Fail("the CUDA kernels of this library cannot run on the current device: ", problem);
}

inline void CheckLaunch(const char* problem) {
  if (problem) throw std::runtime_error(std::string("CUDA kernel launch: ") + problem);
}

}  // namespace roiops

#endif  // ROIOPS_CUDA_ERRORS_H_
