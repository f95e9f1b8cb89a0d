// What this library was built from and what it runs on this processor, as JSON.

#include <sstream>
#include <string>

#include "ort/export.h"
#include "roi_align/cpu/kernel.h"

namespace {

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

// A comma-separated list as JSON strings.
std::string QuotedList(const std::string& list) {
  std::string text;
  std::istringstream items(list);
  for (std::string item; std::getline(items, item, ',');) text += (text.empty() ? "" : ", ") + Quoted(item);
  return text;
}

std::string Describe() {
#if defined(__clang__)
  const std::string compiler = "clang " __clang_version__;
#else
  const std::string compiler = "gcc " __VERSION__;
#endif
  std::string usable;
  for (const char* const* name = roiops::UsableKernels(); *name; ++name) {
    usable += (usable.empty() ? "" : ", ") + Quoted(*name);
  }
  return "{\"version\": " + Quoted(ROIOPS_VERSION) + ", \"compiler\": " + Quoted(compiler) +
         ", \"instruction_sets\": [" + usable +
         "], \"active_instruction_set\": " + Quoted(roiops::ActiveKernels().name) +
         ", \"cuda_architectures\": [" + QuotedList(ROIOPS_CUDA_ARCHITECTURES) + "]}";
}

}  // namespace

ROIOPS_EXPORT const char* RoiOpsBuildInfo() {
  static const std::string text = Describe();
  return text.c_str();
}
