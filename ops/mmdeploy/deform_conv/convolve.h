// Deformable convolution: columns and weights, multiplied by ONNX Runtime.

#ifndef ROIOPS_MMDEPLOY_DEFORM_CONV_CONVOLVE_H_
#define ROIOPS_MMDEPLOY_DEFORM_CONV_CONVOLVE_H_

#include "mmdeploy/deform_conv/columns.h"
#include "ort/gemm.h"

namespace roiops::mmdeploy {

struct ConvRequest {
  const float* x;       // (images, channels, height, width)
  const float* offset;  // (images, deform_groups * taps * 2, output height, output width)
  const float* mask;    // (images, deform_groups * taps, output height, output width), or null
  const float* weight;  // (output_channels, channels / groups, kernel height, kernel width)
  const float* bias;    // (output_channels), or null
  float* output;        // (images, output_channels, output height, output width)
  int64_t images;
  int64_t output_channels;
  DeformShape shape;
};

// Nothing of the request is empty. Scratch, for which throws std::bad_alloc if it cannot be had: a copy of
// one image and of the weights, and columns and results of a few hundred output pixels.
void Convolve(const ort::KernelContext& context, const ort::Gemm& gemm, const ConvRequest& request);

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_DEFORM_CONV_CONVOLVE_H_
