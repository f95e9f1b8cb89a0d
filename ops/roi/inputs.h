// From a node's input tensors to its output: shapes are checked, boxes are checked, boxes are pooled.

#ifndef ROIOPS_ROI_INPUTS_H_
#define ROIOPS_ROI_INPUTS_H_

#include <optional>
#include <vector>

#include "ort/custom_op.h"
#include "roi/box_checks.h"
#include "roi_align/cpu/pool.h"

namespace roiops {

// Throws Error unless `tensor` is (N, C, H, W) with extents the kernels can index.
FeatureMap CheckedMap(const ort::Tensor& tensor, const char* input, float spatial_scale);

// The number of boxes; throws Error unless `tensor` is (K, 4).
int64_t CheckedBoxCount(const ort::Tensor& tensor, const char* input);

// Throws Error unless `tensor` is a vector of `length` elements.
void CheckVector(const ort::Tensor& tensor, const char* input, int64_t length, const char* meaning);

// The shape of Y; throws Error if its size in bytes does not fit 63 bits.
std::vector<int64_t> CheckedOutputShape(int64_t boxes, int64_t channels, OutputSize size,
                                        size_t element_size);

// ONNX Runtime's own threads, those of the session that runs the node.
ParallelFor SessionThreads(const ort::KernelContext& context);

template <class Batch>
std::vector<int64_t> ImagesOfBoxes(const ort::Tensor& batch, const char* input, bool is_counts,
                                   int64_t images, int64_t boxes) {
  if (is_counts) {
    CheckVector(batch, input, images, "number of images");
    return ImagesFromCounts(batch.As<Batch>(), images, boxes, input);
  }
  CheckVector(batch, input, boxes, "number of boxes");
  return CheckedIndices(batch.As<Batch>(), boxes, images, input, "images");
}

// Where the boxes are, as a node's inputs say it.
struct BoxInputs {
  ort::Tensor boxes;
  const char* boxes_name;
  ort::Tensor batch;
  const char* batch_name;
  bool batch_is_counts;
  std::optional<ort::Tensor> levels;  // without it, all boxes are on the first map
};

// Pools boxes into output 0 of a node. A provider is ONNX Runtime's name for a kind of device; all have these
// members.
struct CpuProvider {
  static constexpr const char* kName = nullptr;

  // Throws Error if the device cannot run the kernels.
  template <class Stored>
  static void Prepare() {}

  template <class Stored, class BoxType, class Batch>
  static void Pool(const ort::KernelContext& context, std::vector<FeatureMap> maps, const BoxInputs& inputs,
                   const PoolOptions& options) {
    const int64_t count = CheckedBoxCount(inputs.boxes, inputs.boxes_name);
    const std::vector<int64_t> images =
        ImagesOfBoxes<Batch>(inputs.batch, inputs.batch_name, inputs.batch_is_counts, maps[0].images, count);
    std::vector<int64_t> levels;
    if (inputs.levels) {
      CheckVector(*inputs.levels, "levels", count, "number of boxes");
      levels =
          CheckedIndices(inputs.levels->As<int64_t>(), count, int64_t(maps.size()), "levels", "feature maps");
    }
    CheckBoxesFinite(inputs.boxes.As<BoxType>(), count, inputs.boxes_name);
    const std::vector<int64_t> shape =
        CheckedOutputShape(count, maps[0].channels, options.output, sizeof(Stored));
    const PoolRequest<Stored, BoxType> request = {std::move(maps),
                                                  inputs.boxes.As<BoxType>(),
                                                  count,
                                                  images.data(),
                                                  inputs.levels ? levels.data() : nullptr,
                                                  static_cast<Stored*>(context.Output(0, shape))};
    roiops::Pool(request, options, SessionThreads(context));
  }
};

}  // namespace roiops

#endif  // ROIOPS_ROI_INPUTS_H_
