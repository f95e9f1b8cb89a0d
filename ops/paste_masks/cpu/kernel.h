// What the CPU kernels are given.

#ifndef ROIOPS_PASTE_MASKS_CPU_KERNEL_H_
#define ROIOPS_PASTE_MASKS_CPU_KERNEL_H_

#include <cstddef>
#include <cstdint>

#include "base/half.h"
#include "paste_masks/axis.h"

namespace roiops {

// Some rows of the image that one mask is pasted into.
template <class Stored>
struct MaskBand {
  const Stored* mask;  // (rows.size, columns.size)
  PasteAxes axes;
  int64_t first_row;
  int64_t last_row;
  int64_t image_width;
  void* output;  // the first pixel of row first_row
  double threshold;
  bool streamed;  // past the cache
};

// Pastes a band, in memory of PasteScratchBytes() that is aligned to kPasteAlignment.
template <class Stored>
using PasteBand = void (*)(const MaskBand<Stored>& band, char* scratch);

// One kernel for each kind of output.
template <class Stored>
struct PasteKernels {
  PasteBand<Stored> soft;
  PasteBand<Stored> binary;
  PasteBand<Stored> bytes;
};

// The kernels of one instruction set.
struct PasteMasksKernels {
  PasteKernels<float> f32;
  PasteKernels<double> f64;
  PasteKernels<Half> f16;
  PasteKernels<BFloat16> bf16;
};

constexpr size_t kPasteAlignment = 64;

namespace {

// Columns of the image from `begin` to the next run's, which lie between the pixels `pixel` and pixel + 1 of
// the mask's row between zeros.
struct PasteRun {
  int64_t begin;
  int64_t pixel;
};

// With room for a vector behind the columns.
inline size_t PaddedColumns(int64_t columns) { return (size_t(columns) + 31) / 16 * 16; }

// Arrays in the scratch of a band, in bytes from its start.
struct PasteScratch {
  size_t source;    // a row of the mask between zeros
  size_t expanded;  // two rows of the mask as wide as in the image
  size_t weights;   // of the columns' second pixels
  size_t runs;      // of the columns, and an end
  size_t staged;    // rows of the image
  size_t total;
};

// Rows of the image that are written at a time: all but few cache lines are then written whole.
constexpr size_t kStagedBytes = size_t(1) << 14;

inline int64_t StagedRows(int64_t image_width, size_t output_bytes) {
  const int64_t rows = int64_t(kStagedBytes / output_bytes) / image_width;
  return rows > 1 ? rows : 1;
}

// `columns`: of the image that show the mask.
inline PasteScratch PasteScratchOf(int64_t mask_width, int64_t columns, int64_t image_width,
                                   size_t weight_bytes, size_t output_bytes) {
  PasteScratch scratch = {};
  const auto take = [&](size_t elements, size_t bytes) {
    const size_t at = scratch.total;
    scratch.total += (elements * bytes + 2 * kPasteAlignment - 1) / kPasteAlignment * kPasteAlignment;
    return at;
  };
  scratch.source = take(size_t(mask_width) + 3, weight_bytes);
  const size_t padded = PaddedColumns(columns);
  scratch.expanded = take(2 * padded, weight_bytes);
  scratch.weights = take(padded, weight_bytes);
  scratch.runs = take(padded, sizeof(PasteRun));
  scratch.staged = take(size_t(StagedRows(image_width, output_bytes) * image_width), output_bytes);
  return scratch;
}

}  // namespace

}  // namespace roiops

#endif  // ROIOPS_PASTE_MASKS_CPU_KERNEL_H_
