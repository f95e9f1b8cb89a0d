// Attributes as mmdeploy's exporters write them: all of them, always. A missing one is an error, not a
// default. Each reader throws an Error that names the attribute, the value found and those wanted.

#ifndef ROIOPS_MMDEPLOY_ATTRIBUTES_H_
#define ROIOPS_MMDEPLOY_ATTRIBUTES_H_

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "ort/api.h"

namespace roiops::mmdeploy {

int64_t RequiredInt(const ort::KernelInfo& info, const char* name, int64_t least, int64_t most);

// A list of `count` integers.
std::vector<int64_t> RequiredInts(const ort::KernelInfo& info, const char* name, size_t count, int64_t least,
                                  int64_t most);

bool RequiredFlag(const ort::KernelInfo& info, const char* name);

// A finite number between `least` and `most`, which may be infinite.
float RequiredFloat(const ort::KernelInfo& info, const char* name, float least, float most);

// A finite number greater than 0.
float RequiredScale(const ort::KernelInfo& info, const char* name);

// The index of a string in `choices`.
size_t RequiredChoice(const ort::KernelInfo& info, const char* name,
                      std::initializer_list<const char*> choices);

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_ATTRIBUTES_H_
