// Attributes that are read and checked: each reader throws an Error that names the attribute, the value found
// and those wanted.

#ifndef ROIOPS_ORT_ATTRIBUTES_H_
#define ROIOPS_ORT_ATTRIBUTES_H_

#include <initializer_list>

#include "ort/api.h"

namespace roiops::ort {

// The index of the attribute's value in `choices`, the first of which is the default.
size_t ReadChoice(const KernelInfo& info, const char* name, std::initializer_list<const char*> choices);

// An integer that is 0 or 1.
bool ReadFlag(const KernelInfo& info, const char* name, bool otherwise);

// A positive integer below 2^31, which may be required.
int64_t ReadExtent(const KernelInfo& info, const char* name);
int64_t ReadExtent(const KernelInfo& info, const char* name, int64_t otherwise);

// `value` if it is finite and greater than 0.
float CheckedScale(const char* name, float value);

}  // namespace roiops::ort

#endif  // ROIOPS_ORT_ATTRIBUTES_H_
