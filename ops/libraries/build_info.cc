// What this library was built from and what it runs on this processor, as JSON.

#include <sstream>
#include <string>

#include "base/error.h"
#include "base/isa.h"
#include "ort/export.h"

namespace {

std::string JsonString(const std::string& text) { return "\"" + text + "\""; }

// A comma-separated list as JSON strings.
std::string QuotedList(const std::string& list) {
  std::string text;
  std::istringstream items(list);
  for (std::string item; std::getline(items, item, ',');)
    text += (text.empty() ? "" : ", ") + JsonString(item);
  return text;
}

// Null for a wrong ROIOPS_ISA, with which no library can be registered.
std::string ActiveIsa() {
  try {
    return JsonString(roiops::IsaName(roiops::ActiveIsa()));
  } catch (const roiops::Error&) {
    return "null";
  }
}

std::string Describe() {
#if defined(__clang__)
  const std::string compiler = "clang " __clang_version__;
#else
  const std::string compiler = "gcc " __VERSION__;
#endif
  std::string usable;
  for (const char* const* name = roiops::UsableIsas(); *name; ++name) {
    usable += (usable.empty() ? "" : ", ") + JsonString(*name);
  }
  return "{\"version\": " + JsonString(ROIOPS_VERSION) + ", \"compiler\": " + JsonString(compiler) +
         ", \"instruction_sets\": [" + usable + "], \"active_instruction_set\": " + ActiveIsa() +
         ", \"cuda_architectures\": [" + QuotedList(ROIOPS_CUDA_ARCHITECTURES) + "]}";
}

}  // namespace

ROIOPS_EXPORT const char* RoiOpsBuildInfo() {
  static const std::string text = Describe();
  return text.c_str();
}
