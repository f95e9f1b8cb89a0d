// Pasting by a block of threads: some rows and columns of the image of one mask.
//
//   axes   where the mask lies in the image
//   rows   the two rows of the mask that each row of the image lies between, a thread per row
//   paste  a thread keeps to a column of the image, or a few neighbours, and goes through the rows

#ifndef ROIOPS_PASTE_MASKS_CUDA_BLOCK_H_
#define ROIOPS_PASTE_MASKS_CUDA_BLOCK_H_

#include <cmath>

#include "cuda/block.h"
#include "cuda/numbers.h"
#include "paste_masks/cuda/request.h"

namespace roiops {

// ---- Kinds of output: what an interpolated value becomes.

template <class Stored>
struct CudaSoftOutput {
  using Acc = typename ComputeType<Stored>::Type;
  using Out = Stored;
  ROIOPS_HOST_DEVICE static Out From(Acc value, float) { return Narrow<Stored, Acc>::From(value); }
};

template <class Stored>
struct CudaBinaryOutput {
  using Acc = typename ComputeType<Stored>::Type;
  using Out = uint8_t;
  ROIOPS_HOST_DEVICE static Out From(Acc value, float threshold) { return value >= Acc(threshold); }
};

template <class Stored>
struct CudaByteOutput {
  using Acc = typename ComputeType<Stored>::Type;
  using Out = uint8_t;
  ROIOPS_HOST_DEVICE static Out From(Acc value, float) {
    const Acc scaled = value * 255;
    const Acc positive = scaled > 0 ? scaled : 0;  // and not NaN
    return uint8_t(int(positive < 255 ? positive : 255));
  }
};

// A pixel of an axis of the image between pixels `first` and first + 1 of the mask's, which are outside it
// where they are not in [0, size).
template <class Acc>
struct PastePair {
  bool shown;  // else the mask does not reach the pixel
  int32_t first;
  Acc weight;  // of first + 1
};

template <class Acc>
ROIOPS_HOST_DEVICE inline PastePair<Acc> PastePairOf(const PasteAxis& axis, int64_t p) {
  if (p < axis.begin || p >= axis.end) return {false, 0, 0};
  const double position = PastePosition(axis, p) + 1;
  const int64_t next = int64_t(position);
  return {true, int32_t(next - 1), Acc(position - double(next))};
}

template <class Acc>
struct PasteMemory {
  PasteAxes axes;
  PastePair<Acc> rows[kPasteRows];
};

template <class Stored, class Output, class Block>
class MaskPaster {
 public:
  using Acc = typename Output::Acc;
  using Out = typename Output::Out;

  ROIOPS_HOST_DEVICE MaskPaster(const CudaPasteRequest& request, PasteMemory<Acc>& memory, const Block& block)
      : request_(request), memory_(memory), block_(block) {}

  ROIOPS_HOST_DEVICE void Run(int64_t item) const {
    const int64_t column_band = item % request_.column_bands;
    const int64_t first_row = item / request_.column_bands % request_.row_bands * kPasteRows;
    const int64_t mask = item / request_.column_bands / request_.row_bands;
    const int64_t left = request_.image_height - first_row;
    const int rows = left < kPasteRows ? int(left) : kPasteRows;
    block_.Step([&](int thread) {
      if (thread == 0) memory_.axes = AxesOf(mask);
    });
    block_.Step([&](int thread) {
      for (int row = thread; row < rows; row += block_.Threads())
        memory_.rows[row] = PastePairOf<Acc>(memory_.axes.rows, first_row + row);
    });
    block_.Step([&](int thread) {
      const int64_t columns = int64_t(kBlockThreads) * request_.columns_per_thread;
      for (int i = thread; i < kBlockThreads; i += block_.Threads()) {
        const int64_t column = column_band * columns + int64_t(i) * request_.columns_per_thread;
        if (column >= request_.image_width) return;
        if (request_.columns_per_thread == 1) {
          Paste<1>(mask, first_row, rows, column);
        } else {
          Paste<kPasteColumns>(mask, first_row, rows, column);
        }
      }
    });
  }

 private:
  // Empty for a box that is not finite.
  ROIOPS_HOST_DEVICE PasteAxes AxesOf(int64_t mask) const {
    Acc box[4];
    bool finite = true;
    for (int i = 0; i < 4; ++i) {
      box[i] = BoxCoordinate<Stored>(request_.boxes, request_.float_boxes, 4 * mask + i);
      finite = finite && IsFinite(box[i]);
    }
    if (!finite) return PasteAxes();
    return PasteAxesOf(request_.options.convention, box, request_.mask_height, request_.mask_width,
                       request_.image_height, request_.image_width);
  }

  template <int kColumns>
  ROIOPS_HOST_DEVICE void Paste(int64_t mask, int64_t first_row, int rows, int64_t column) const {
    const PasteAxes& axes = memory_.axes;
    const Acc nothing = axes.rows.undefined || axes.columns.undefined ? Acc(NAN) : Acc(0);
    const Out outside = Output::From(nothing, request_.options.threshold);
    PastePair<Acc> columns[kColumns];
    for (int i = 0; i < kColumns; ++i) columns[i] = PastePairOf<Acc>(axes.columns, column + i);
    const Stored* from =
        static_cast<const Stored*>(request_.masks) + mask * request_.mask_height * request_.mask_width;
    Out* to = static_cast<Out*>(request_.output) +
              (mask * request_.image_height + first_row) * request_.image_width + column;
    for (int row = 0; row < rows; ++row, to += request_.image_width) {
      const PastePair<Acc> pair = memory_.rows[row];
      Pack<Out, kColumns> values;
      for (int i = 0; i < kColumns; ++i) {
        values.value[i] = outside;
        if (pair.shown && columns[i].shown) {
          const Acc value = Across(from, pair.first, columns[i]) * (1 - pair.weight) +
                            Across(from, int64_t(pair.first) + 1, columns[i]) * pair.weight;
          values.value[i] = Output::From(value, request_.options.threshold);
        }
      }
      *reinterpret_cast<Pack<Out, kColumns>*>(to) = values;
    }
  }

  // A row of the mask at a column of the image.
  ROIOPS_HOST_DEVICE Acc Across(const Stored* mask, int64_t row, const PastePair<Acc>& pair) const {
    if (row < 0 || row >= request_.mask_height) return 0;
    const Stored* pixels = mask + row * request_.mask_width;
    const auto pixel = [&](int64_t i) {
      return i >= 0 && i < request_.mask_width ? ToFloat(pixels[i]) : Acc(0);
    };
    const Acc left = pixel(pair.first);
    const Acc right = pixel(int64_t(pair.first) + 1);
    return left * (1 - pair.weight) + right * pair.weight;
  }

  const CudaPasteRequest& request_;
  PasteMemory<Acc>& memory_;
  const Block& block_;
};

}  // namespace roiops

#endif  // ROIOPS_PASTE_MASKS_CUDA_BLOCK_H_
