#include "ort/attributes.h"

#include <cmath>

namespace roiops::ort {
namespace {

int64_t CheckedExtent(const char* name, int64_t value) {
  if (value < 1 || value > INT32_MAX) {
    Fail("attribute '", name, "' is ", value, "; it must be between 1 and ", INT32_MAX);
  }
  return value;
}

}  // namespace

size_t ReadChoice(const KernelInfo& info, const char* name, std::initializer_list<const char*> choices) {
  const std::optional<std::string> value = info.String(name);
  if (!value) return 0;
  std::string wanted;
  for (const char* const* choice = choices.begin(); choice != choices.end(); ++choice) {
    if (*value == *choice) return size_t(choice - choices.begin());
    const bool last = choice + 1 == choices.end();
    wanted += (choice == choices.begin() ? "\"" : last ? " or \"" : ", \"") + std::string(*choice) + "\"";
  }
  Fail("attribute '", name, "' is ", Quoted(*value), "; it must be ", wanted);
}

bool ReadFlag(const KernelInfo& info, const char* name, bool otherwise) {
  const int64_t value = info.Int(name).value_or(otherwise);
  if (value != 0 && value != 1) Fail("attribute '", name, "' is ", value, "; it must be 0 or 1");
  return value == 1;
}

int64_t ReadExtent(const KernelInfo& info, const char* name) {
  const std::optional<int64_t> value = info.Int(name);
  if (!value) Fail("attribute '", name, "' is missing; it is required and must be a positive integer");
  return CheckedExtent(name, *value);
}

int64_t ReadExtent(const KernelInfo& info, const char* name, int64_t otherwise) {
  return CheckedExtent(name, info.Int(name).value_or(otherwise));
}

float CheckedScale(const char* name, float value) {
  if (!std::isfinite(value) || value <= 0) {
    Fail("attribute '", name, "' is ", value, "; it must be finite and greater than 0");
  }
  return value;
}

}  // namespace roiops::ort
