#include "paste_masks/cuda/request.h"

#include "cuda/block.h"

namespace roiops {

void ChooseBands(CudaPasteRequest& request, size_t output_bytes) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(request.output);
  const bool aligned =
      request.image_width % kPasteColumns == 0 && address % (kPasteColumns * output_bytes) == 0;
  request.columns_per_thread = aligned ? kPasteColumns : 1;
  const int64_t columns = int64_t(kBlockThreads) * request.columns_per_thread;
  request.row_bands = (request.image_height + kPasteRows - 1) / kPasteRows;
  request.column_bands = (request.image_width + columns - 1) / columns;
  request.work_items = request.count * request.row_bands * request.column_bands;
}

}  // namespace roiops
