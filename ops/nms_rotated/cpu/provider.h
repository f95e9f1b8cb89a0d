// Suppression of rotated boxes on ONNX Runtime's CPU provider.

#ifndef ROIOPS_NMS_ROTATED_CPU_PROVIDER_H_
#define ROIOPS_NMS_ROTATED_CPU_PROVIDER_H_

#include <vector>

#include "nms_rotated/cpu/nms.h"
#include "ort/custom_op.h"
#include "ort/threads.h"

namespace roiops {

struct CpuNmsRotatedProvider : ort::Cpu {
  // Checks the inputs, boxes and scores, and fills output 0 with image, class and box of those kept.
  template <class T>
  static void Run(const ort::KernelContext& context, const NmsOptions& options) {
    const NmsRequest<T> request = CheckedRequest<T>(context.Input(0), context.Input(1));
    const std::vector<KeptBox> kept = NmsRotated(request, options, ort::SessionThreads(context));
    int64_t* output = static_cast<int64_t*>(context.Output(0, {int64_t(kept.size()), 3}));
    for (const KeptBox& box : kept) {
      *output++ = box.image;
      *output++ = box.class_index;
      *output++ = box.box;
    }
  }

 private:
  template <class T>
  static NmsRequest<T> CheckedRequest(const ort::Tensor& boxes, const ort::Tensor& scores) {
    const std::vector<int64_t>&b = boxes.shape, &s = scores.shape;
    if (b.size() != 3 || b[2] != 5) {
      Fail("input 'boxes' has shape ", ort::ToString(b), "; it must be (images, number of boxes, 5)");
    }
    if (s.size() != 3 || s[0] != b[0] || s[2] != b[1]) {
      Fail("input 'scores' has shape ", ort::ToString(s), "; it must be (", b[0], ", classes, ", b[1],
           "), the images and the number of boxes of 'boxes'");
    }
    if (b[1] > INT32_MAX)
      Fail("input 'boxes' has shape ", ort::ToString(b), "; there must be fewer than 2^31 boxes");
    return {boxes.As<T>(), scores.As<T>(), s[0], s[1], s[2]};
  }
};

using NmsRotatedProviders = ort::Types<CpuNmsRotatedProvider>;

}  // namespace roiops

#endif  // ROIOPS_NMS_ROTATED_CPU_PROVIDER_H_
