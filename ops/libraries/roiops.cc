// libroiops: the operators of the domain "roiops".

#include "ort/custom_op.h"
#include "ort/export.h"
#include "roi_align/multi_scale_roi_align_op.h"
#include "roi_align/roi_align_op.h"

namespace {

const std::vector<roiops::ort::CustomOp>& Operators() {
  static const std::vector<roiops::ort::CustomOp> operators = [] {
    std::vector<roiops::ort::CustomOp> list;
    roiops::AddRoiAlign(list);
    roiops::AddMultiScaleRoiAlign(list);
    return list;
  }();
  return operators;
}

}  // namespace

ROIOPS_EXPORT OrtStatus* ORT_API_CALL RegisterCustomOps(OrtSessionOptions* options,
                                                        const OrtApiBase* api_base) {
  return roiops::ort::Register(options, api_base, "roiops", Operators);
}
