// Requests of PasteMasks and HeatmapsToKeypoints for the device from plain arguments, as tests pass them
// through ctypes.

#ifndef ROIOPS_TESTS_PLAIN_HEADS_H_
#define ROIOPS_TESTS_PLAIN_HEADS_H_

#include "heatmaps_to_keypoints/cuda/request.h"
#include "paste_masks/cuda/request.h"

namespace roiops_test {

struct PlainPaste {
  const void* masks;
  const void* boxes;
  void* output;
  int64_t count;
  int64_t mask_height;
  int64_t mask_width;
  int64_t image_height;
  int64_t image_width;
  int32_t dtype;  // 0 float32, 1 float64, 2 float16, 3 bfloat16
  int32_t float_boxes;
  int32_t convention;
  int32_t output_kind;
  float threshold;
};

inline roiops::CudaPasteRequest RequestOf(const PlainPaste& plain) {
  constexpr size_t kElementSizes[] = {4, 8, 2, 2};
  roiops::CudaPasteRequest request = {};
  request.masks = plain.masks;
  request.boxes = plain.boxes;
  request.float_boxes = plain.float_boxes;
  request.output = plain.output;
  request.count = plain.count;
  request.mask_height = plain.mask_height;
  request.mask_width = plain.mask_width;
  request.image_height = plain.image_height;
  request.image_width = plain.image_width;
  request.options = {roiops::PasteConvention(plain.convention), roiops::PasteOutput(plain.output_kind),
                     plain.threshold};
  const bool soft = request.options.output == roiops::PasteOutput::kSoft;
  roiops::ChooseBands(request, soft ? kElementSizes[plain.dtype] : 1);
  return request;
}

struct PlainKeypoints {
  const void* maps;
  const void* boxes;
  void* points;
  void* scores;
  int64_t count;
  int64_t keypoints;
  int64_t height;
  int64_t width;
  int32_t dtype;
  int32_t float_boxes;
  int32_t convention;
};

inline roiops::CudaKeypointRequest RequestOf(const PlainKeypoints& plain) {
  roiops::CudaKeypointRequest request = {};
  request.maps = plain.maps;
  request.boxes = plain.boxes;
  request.float_boxes = plain.float_boxes;
  request.points = plain.points;
  request.scores = plain.scores;
  request.count = plain.count;
  request.keypoints = plain.keypoints;
  request.height = plain.height;
  request.width = plain.width;
  request.convention = roiops::KeypointConvention(plain.convention);
  return request;
}

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_PLAIN_HEADS_H_
