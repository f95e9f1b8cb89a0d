// Checks of the inputs that say which image, level and coordinates each box has. Failures throw Error and
// name input and row.

#ifndef ROIOPS_ROI_BOX_CHECKS_H_
#define ROIOPS_ROI_BOX_CHECKS_H_

#include <cstdint>
#include <sstream>
#include <vector>

#include "base/error.h"
#include "base/half.h"

namespace roiops {

// Boxes are `stride` numbers apart.
template <int kCoordinates = 4, class BoxType>
void CheckBoxesFinite(const BoxType* boxes, int64_t count, const char* input, int64_t stride = kCoordinates) {
  for (int64_t k = 0; k < count; ++k) {
    const BoxType* box = boxes + stride * k;
    bool finite = true;
    for (int i = 0; i < kCoordinates; ++i) finite &= IsFinite(ToFloat(box[i]));
    if (!finite) {
      std::ostringstream coordinates;
      for (int i = 0; i < kCoordinates; ++i) coordinates << (i ? ", " : "") << ToFloat(box[i]);
      Fail("input '", input, "': box ", k, " is (", coordinates.str(), "); coordinates must be finite");
    }
  }
}

// The image of each box from the number of boxes of each image.
template <class Count>
std::vector<int64_t> ImagesFromCounts(const Count* counts, int64_t images, int64_t boxes, const char* input) {
  std::vector<int64_t> image_of_box;
  image_of_box.reserve(size_t(boxes));
  int64_t total = 0;
  for (int64_t n = 0; n < images; ++n) {
    if (counts[n] < 0)
      Fail("input '", input, "': element ", n, " is ", counts[n], "; counts must not be negative");
    if (counts[n] > boxes - total) {
      Fail("input '", input, "': the first ", n + 1, " counts name more than the ", boxes,
           " boxes there are; the counts must sum to the number of boxes");
    }
    total += counts[n];
    image_of_box.resize(size_t(total), n);
  }
  if (total != boxes) {
    Fail("input '", input, "': the counts sum to ", total, "; they must sum to the number of boxes, ", boxes);
  }
  return image_of_box;
}

// Indices in [0, limit), as 64-bit numbers.
template <class Index>
std::vector<int64_t> CheckedIndices(const Index* indices, int64_t count, int64_t limit, const char* input,
                                    const char* what) {
  for (int64_t k = 0; k < count; ++k) {
    if (indices[k] < 0 || indices[k] >= limit) {
      Fail("input '", input, "': element ", k, " is ", indices[k], "; it must be an index of one of the ",
           limit, " ", what);
    }
  }
  return std::vector<int64_t>(indices, indices + count);
}

}  // namespace roiops

#endif  // ROIOPS_ROI_BOX_CHECKS_H_
