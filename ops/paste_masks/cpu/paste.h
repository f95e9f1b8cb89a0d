// Pasting masks into images, on the CPU. Knows nothing of ONNX Runtime.

#ifndef ROIOPS_PASTE_MASKS_CPU_PASTE_H_
#define ROIOPS_PASTE_MASKS_CPU_PASTE_H_

#include <cstdint>

#include "base/parallel.h"
#include "paste_masks/options.h"

namespace roiops {

// Mask k lies in boxes[4 * k ...], whose coordinates are finite, and is masks[k * mask_height * mask_width
// ...]; masks have pixels, fewer than 2^31 - 3 per axis.
template <class Stored, class BoxType>
struct PasteRequest {
  const Stored* masks;
  const BoxType* boxes;
  int64_t count;
  int64_t mask_height;
  int64_t mask_width;
  int64_t image_height;
  int64_t image_width;
  void* output;  // (count, image_height, image_width), of Stored or of bytes
};

// Throws std::bad_alloc if memory for scratch cannot be had: a few rows of the image for each running work
// item.
template <class Stored, class BoxType>
void PasteMasks(const PasteRequest<Stored, BoxType>& request, const PasteOptions& options,
                const ParallelFor& parallel_for);

}  // namespace roiops

#endif  // ROIOPS_PASTE_MASKS_CPU_PASTE_H_
