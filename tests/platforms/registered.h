// Loading a library, and what it registers.

#ifndef ROIOPS_TESTS_PLATFORMS_REGISTERED_H_
#define ROIOPS_TESTS_PLATFORMS_REGISTERED_H_

#include <onnxruntime_c_api.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cases.h"

namespace roiops::platforms {

// Loads a shared library for good and returns a function of it; throws std::runtime_error.
void* LoadFunction(const std::filesystem::path& library, const char* function);

// An operator for the CPU provider and one combination of input types.
struct Registered {
  std::string name;
  std::vector<ONNXTensorElementDataType> inputs;  // the last one serves all inputs that follow

  bool Runs(const Case& tested) const;
  std::string Describe() const;
};

// Calls the library's RegisterCustomOps and notes what it adds for the CPU.
std::vector<Registered> ListRegistered(const std::filesystem::path& library, const OrtApi& api);

}  // namespace roiops::platforms

#endif  // ROIOPS_TESTS_PLATFORMS_REGISTERED_H_
