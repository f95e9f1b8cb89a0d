// Pooling of rotated boxes on ONNX Runtime's CPU provider.

#ifndef ROIOPS_ROI_ALIGN_ROTATED_CPU_PROVIDER_H_
#define ROIOPS_ROI_ALIGN_ROTATED_CPU_PROVIDER_H_

#include <vector>

#include "ort/custom_op.h"
#include "ort/threads.h"
#include "roi/inputs.h"
#include "roi_align_rotated/cpu/pool.h"

namespace roiops {

struct CpuRotatedProvider : ort::Cpu {
  // Throws Error if the device cannot run the kernels.
  template <class Rule, class Stored>
  static void Prepare() {}

  // Checks the inputs and fills output 0.
  template <class Stored, class BoxType, class Batch>
  static void Pool(const ort::KernelContext& context, std::vector<FeatureMap> maps, const BoxInputs& inputs,
                   const RotatedOptions& options) {
    for (const FeatureMap& map : maps) {
      if (!IsIndexable(map)) {
        Fail("input of feature map ", &map - maps.data(), ": ", map.height, " x ", map.width,
             " pixels are too many; there must be fewer than 2^31, counting 16 more for each row");
      }
    }
    const auto located = CheckedBoxes<BoxType, Batch, 5>(inputs, maps[0].images, int64_t(maps.size()));
    const std::vector<int64_t> shape =
        CheckedOutputShape(located.count, maps[0].channels, options.output, sizeof(Stored));
    const RotatedRequest<Stored, BoxType> request = {
        std::move(maps),       located.boxes,    located.count,
        located.images.data(), located.Levels(), static_cast<Stored*>(context.Output(0, shape)),
        located.columns};
    PoolRotated(request, options, ort::SessionThreads(context));
  }
};

using RotatedProviders = ort::Types<CpuRotatedProvider>;

}  // namespace roiops

#endif  // ROIOPS_ROI_ALIGN_ROTATED_CPU_PROVIDER_H_
