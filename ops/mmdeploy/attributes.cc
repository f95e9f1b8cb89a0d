#include "mmdeploy/attributes.h"

#include <cmath>
#include <sstream>

#include "ort/attributes.h"

namespace roiops::mmdeploy {
namespace {

[[noreturn]] void FailMissing(const char* name, const std::string& wanted) {
  Fail("attribute '", name, "' is missing; it is required and must be ", wanted);
}

std::string IntsText(const std::vector<int64_t>& values) {
  std::string text = "[";
  for (size_t i = 0; i < values.size(); ++i) text += (i ? ", " : "") + std::to_string(values[i]);
  return text + "]";
}

template <class T>
std::string Between(T least, T most) {
  std::ostringstream text;
  text << "between " << least << " and " << most;
  return text.str();
}

}  // namespace

int64_t RequiredInt(const ort::KernelInfo& info, const char* name, int64_t least, int64_t most) {
  const std::optional<int64_t> value = info.Int(name);
  if (!value) FailMissing(name, Between(least, most));
  if (*value < least || *value > most) {
    Fail("attribute '", name, "' is ", *value, "; it must be ", Between(least, most));
  }
  return *value;
}

std::vector<int64_t> RequiredInts(const ort::KernelInfo& info, const char* name, size_t count, int64_t least,
                                  int64_t most) {
  const std::string wanted = std::to_string(count) + " integers " + Between(least, most);
  const std::optional<std::vector<int64_t>> values = info.Ints(name);
  if (!values) FailMissing(name, wanted);
  bool good = values->size() == count;
  for (const int64_t value : *values) good &= value >= least && value <= most;
  if (!good) Fail("attribute '", name, "' is ", IntsText(*values), "; it must be ", wanted);
  return *values;
}

bool RequiredFlag(const ort::KernelInfo& info, const char* name) {
  return RequiredInt(info, name, 0, 1) == 1;
}

float RequiredFloat(const ort::KernelInfo& info, const char* name, float least, float most) {
  const std::string wanted = std::isfinite(least) && std::isfinite(most) ? Between(least, most)
                             : std::isfinite(least) ? "finite and at least " + std::to_string(least)
                                                    : "finite";
  const std::optional<float> value = info.Float(name);
  if (!value) FailMissing(name, wanted);
  if (!std::isfinite(*value) || *value < least || *value > most) {
    Fail("attribute '", name, "' is ", *value, "; it must be ", wanted);
  }
  return *value;
}

float RequiredScale(const ort::KernelInfo& info, const char* name) {
  const std::optional<float> value = info.Float(name);
  if (!value) FailMissing(name, "finite and greater than 0");
  return ort::CheckedScale(name, *value);
}

size_t RequiredChoice(const ort::KernelInfo& info, const char* name,
                      std::initializer_list<const char*> choices) {
  if (!info.String(name)) FailMissing(name, "a string, as \"" + std::string(*choices.begin()) + "\"");
  return ort::ReadChoice(info, name, choices);
}

}  // namespace roiops::mmdeploy
