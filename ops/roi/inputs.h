// Checks of the shapes of a node's inputs and output, and where its boxes are.

#ifndef ROIOPS_ROI_INPUTS_H_
#define ROIOPS_ROI_INPUTS_H_

#include <cmath>
#include <optional>
#include <vector>

#include "ort/attributes.h"
#include "roi/box_checks.h"
#include "roi/feature_map.h"

namespace roiops {

// Throws Error unless `tensor` is (N, C, H, W) with extents the kernels can index.
FeatureMap CheckedMap(const ort::Tensor& tensor, const char* input, float spatial_scale);

// The number of boxes; throws Error unless `tensor` is (K, coordinates).
int64_t CheckedBoxCount(const ort::Tensor& tensor, const char* input, int64_t coordinates = 4);

// Throws Error unless `tensor` is a vector of `length` elements.
void CheckVector(const ort::Tensor& tensor, const char* input, int64_t length, const char* meaning);

// The shape of Y; throws Error if its size in bytes does not fit 63 bits.
std::vector<int64_t> CheckedOutputShape(int64_t boxes, int64_t channels, OutputSize size,
                                        size_t element_size);

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

// The image of each box from the first of the `columns` numbers of its row; throws Error unless that is an
// index.
template <class BoxType>
std::vector<int64_t> ImagesInRows(const BoxType* rows, int64_t columns, int64_t boxes, int64_t images,
                                  const char* input) {
  std::vector<int64_t> image_of_box;
  image_of_box.reserve(size_t(boxes));
  for (int64_t k = 0; k < boxes; ++k) {
    const auto image = ToFloat(rows[columns * k]);
    if (!(image >= 0 && image < decltype(image)(images) && image == std::floor(image))) {
      Fail("input '", input, "': box ", k, " has batch index ", image, "; it must be an index of one of the ",
           images, " images");
    }
    image_of_box.push_back(int64_t(image));
  }
  return image_of_box;
}

// The attribute batch_format: whether `batch` has a number of boxes for each image, else an image for each
// box.
inline bool ReadBatchIsCounts(const ort::KernelInfo& info) {
  return ort::ReadChoice(info, "batch_format", {"boxes_num", "batch_indices"}) == 0;
}

// The inputs that tell where boxes are.
struct BoxInputs {
  ort::Tensor boxes;
  const char* boxes_name;
  std::optional<ort::Tensor> batch;  // without it, each row of `boxes` begins with its image
  const char* batch_name;
  bool batch_is_counts;
  std::optional<ort::Tensor> levels;  // without it, all boxes are on the first map

  int64_t Columns() const { return batch ? 4 : 5; }  // of a row of `boxes`
};

// Where boxes are, as the kernels need it.
template <class BoxType>
struct LocatedBoxes {
  int64_t count;
  int64_t columns;       // from a box to the next
  const BoxType* boxes;  // coordinates of the first one
  std::vector<int64_t> images;
  std::vector<int64_t> levels;

  // Null if all boxes are on the first map.
  const int64_t* Levels() const { return levels.empty() ? nullptr : levels.data(); }
};

// Checks the inputs against maps of so many images; throws Error. Boxes are of `kCoordinates` finite numbers.
template <class BoxType, class Batch, int kCoordinates = 4>
LocatedBoxes<BoxType> CheckedBoxes(const BoxInputs& inputs, int64_t images, int64_t maps) {
  LocatedBoxes<BoxType> located;
  located.columns = inputs.batch ? kCoordinates : kCoordinates + 1;
  located.count = CheckedBoxCount(inputs.boxes, inputs.boxes_name, located.columns);
  const BoxType* const rows = inputs.boxes.As<BoxType>();
  located.images = inputs.batch
                       ? ImagesOfBoxes<Batch>(*inputs.batch, inputs.batch_name, inputs.batch_is_counts,
                                              images, located.count)
                       : ImagesInRows(rows, located.columns, located.count, images, inputs.boxes_name);
  if (inputs.levels) {
    CheckVector(*inputs.levels, "levels", located.count, "number of boxes");
    located.levels =
        CheckedIndices(inputs.levels->As<int64_t>(), located.count, maps, "levels", "feature maps");
  }
  located.boxes = rows + (located.columns - kCoordinates);
  CheckBoxesFinite<kCoordinates>(located.boxes, located.count, inputs.boxes_name, located.columns);
  return located;
}

}  // namespace roiops

#endif  // ROIOPS_ROI_INPUTS_H_
