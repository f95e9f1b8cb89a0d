// libroiops_override: our kernel in the place of the standard RoiAlign of opset 16 and later.

#include "ort/custom_op.h"
#include "ort/export.h"
#include "roi_align/standard_roi_align_op.h"

namespace {

const std::vector<roiops::ort::CustomOp>& Operators() {
  static const std::vector<roiops::ort::CustomOp> operators = [] {
    std::vector<roiops::ort::CustomOp> list;
    roiops::AddStandardRoiAlign(list);
    return list;
  }();
  return operators;
}

}  // namespace

// The standard domain is the empty string; an operator registered under it replaces the built-in one of that
// name.
ROIOPS_EXPORT OrtStatus* ORT_API_CALL RegisterCustomOps(OrtSessionOptions* options,
                                                        const OrtApiBase* api_base) {
  return roiops::ort::Register(options, api_base, "", Operators);
}
