// Checks of the inputs of operators that suppress boxes.

#ifndef ROIOPS_MMDEPLOY_NMS_INPUTS_H_
#define ROIOPS_MMDEPLOY_NMS_INPUTS_H_

#include "mmdeploy/inputs.h"

namespace roiops::mmdeploy {

// Throws Error unless 32 bits can count the boxes.
inline void CheckBoxCount(const ort::Tensor& boxes, int64_t count) {
  if (count > INT32_MAX) {
    Fail("input 'boxes' has shape ", ort::ToString(boxes.shape), "; there must be fewer than 2^31 boxes");
  }
}

// The number of boxes (B, 4) of one class, each with a score; throws Error.
inline int64_t CheckedBoxesAndScores(const ort::Tensor& boxes, const ort::Tensor& scores) {
  CheckShape(boxes, "boxes", {kAny, 4}, "(number of boxes, 4)");
  const int64_t count = boxes.shape[0];
  CheckBoxCount(boxes, count);
  CheckShape(scores, "scores", {count}, "(", count, "), one for each box");
  return count;
}

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_NMS_INPUTS_H_
