#include "roi_align/options.h"

#include <cmath>

namespace roiops {
namespace {

int64_t RequiredExtent(const ort::KernelInfo& info, const char* name) {
  const std::optional<int64_t> value = info.Int(name);
  if (!value) Fail("attribute '", name, "' is missing; it is required and must be a positive integer");
  return CheckedOutputExtent(name, *value);
}

// True for the first choice, false for the second.
bool Choose(const ort::KernelInfo& info, const char* name, const char* first, const char* second) {
  const std::string value = info.String(name).value_or(first);
  if (value == first) return true;
  if (value == second) return false;
  Fail("attribute '", name, "' is ", Quoted(value), "; it must be \"", first, "\" or \"", second, "\"");
}

}  // namespace

int64_t CheckedOutputExtent(const char* name, int64_t value) {
  if (value < 1 || value > INT32_MAX) {
    Fail("attribute '", name, "' is ", value, "; it must be between 1 and ", INT32_MAX);
  }
  return value;
}

float CheckedSpatialScale(const char* name, float value) {
  if (!std::isfinite(value) || value <= 0) {
    Fail("attribute '", name, "' is ", value, "; it must be finite and greater than 0");
  }
  return value;
}

RoiAlignAttributes::RoiAlignAttributes(const ort::KernelInfo& info) {
  pool.output.height = RequiredExtent(info, "output_height");
  pool.output.width = RequiredExtent(info, "output_width");
  pool.rule.sampling_ratio = info.Int("sampling_ratio").value_or(-1);
  const int64_t aligned = info.Int("aligned").value_or(1);
  if (aligned != 0 && aligned != 1) Fail("attribute 'aligned' is ", aligned, "; it must be 0 or 1");
  pool.rule.aligned = aligned == 1;
  pool.pooling = Choose(info, "mode", "avg", "max") ? Pooling::kAverage : Pooling::kMax;
  batch_is_counts = Choose(info, "batch_format", "boxes_num", "batch_indices");
}

}  // namespace roiops
