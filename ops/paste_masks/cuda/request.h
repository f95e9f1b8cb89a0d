// What the CUDA kernels are given. Plain data: it travels to the device as the kernels' one argument.

#ifndef ROIOPS_PASTE_MASKS_CUDA_REQUEST_H_
#define ROIOPS_PASTE_MASKS_CUDA_REQUEST_H_

#include <stddef.h>
#include <stdint.h>

#include "paste_masks/options.h"

namespace roiops {

// Pointers are to device memory. A box that is not finite gets an image without its mask: only the device
// sees these, and to report them would cost a synchronisation. Masks have pixels, fewer than 2^31 - 3 per
// axis.
struct CudaPasteRequest {
  const void* masks;  // (count, mask_height, mask_width)
  const void* boxes;  // (count, 4)
  bool float_boxes;   // boxes are float32, otherwise of the masks' type
  void* output;       // (count, image_height, image_width), of the masks' type or of bytes
  int64_t count;
  int64_t mask_height;
  int64_t mask_width;
  int64_t image_height;
  int64_t image_width;
  PasteOptions options;
  // A work item, which is what a block of threads does at a time: one mask, so many rows and columns.
  int32_t columns_per_thread;  // neighbours that are stored together: 1 or kPasteColumns
  int64_t row_bands;
  int64_t column_bands;
  int64_t work_items;
};

constexpr int kPasteRows = 32;
constexpr int kPasteColumns = 4;

// Fills in the work items, from the sizes and the output's address.
void ChooseBands(CudaPasteRequest& request, size_t output_bytes);

// Enqueues the pasting on a stream (a cudaStream_t). Null if that went well, otherwise CUDA's description of
// the error. Neither waits for the device nor allocates, so it can be captured in a CUDA graph.
template <class Stored>
const char* LaunchCudaPasteMasks(const CudaPasteRequest& request, void* stream);

// Loads the kernels to the current device: null, or CUDA's description of why it cannot run them.
template <class Stored>
const char* LoadCudaPasteMasks();

}  // namespace roiops

#endif  // ROIOPS_PASTE_MASKS_CUDA_REQUEST_H_
