#include "paste_masks/cpu/paste.h"

#include <algorithm>
#include <memory>
#include <new>

#include "base/isa.h"
#include "cpu/limits.h"
#include "paste_masks/cpu/kernel.h"

namespace roiops {
namespace {

// What one work item writes: long enough to be worth handing to another thread, short enough to share the
// work of a few masks.
constexpr int64_t kBandBytes = int64_t(1) << 19;

template <class Stored>
const PasteKernels<Stored>& Kernels();
template <>
const PasteKernels<float>& Kernels<float>() {
  return ActiveKernels<PasteMasksKernels>().f32;
}
template <>
const PasteKernels<double>& Kernels<double>() {
  return ActiveKernels<PasteMasksKernels>().f64;
}
template <>
const PasteKernels<Half>& Kernels<Half>() {
  return ActiveKernels<PasteMasksKernels>().f16;
}
template <>
const PasteKernels<BFloat16>& Kernels<BFloat16>() {
  return ActiveKernels<PasteMasksKernels>().bf16;
}

struct FreeAligned {
  void operator()(char* memory) const { ::operator delete(memory, std::align_val_t(kPasteAlignment)); }
};

template <class Stored>
void RunBand(PasteBand<Stored> kernel, const MaskBand<Stored>& band, size_t output_bytes) {
  using Acc = typename ComputeType<Stored>::Type;
  const PasteAxis& columns = band.axes.columns;
  const PasteScratch scratch =
      PasteScratchOf(columns.size, columns.end - columns.begin, band.image_width, sizeof(Acc), output_bytes);
  const std::unique_ptr<char, FreeAligned> memory(
      static_cast<char*>(::operator new(scratch.total, std::align_val_t(kPasteAlignment))));
  kernel(band, memory.get());
}

template <class Stored>
PasteBand<Stored> Choose(PasteOutput output) {
  const PasteKernels<Stored>& kernels = Kernels<Stored>();
  if (output == PasteOutput::kSoft) return kernels.soft;
  return output == PasteOutput::kBinary ? kernels.binary : kernels.bytes;
}

}  // namespace

template <class Stored, class BoxType>
void PasteMasks(const PasteRequest<Stored, BoxType>& request, const PasteOptions& options,
                const ParallelFor& parallel_for) {
  if (request.count == 0 || request.image_height == 0 || request.image_width == 0) return;
  using Corner = decltype(ToFloat(BoxType()));
  const size_t pixel_bytes = options.output == PasteOutput::kSoft ? sizeof(Stored) : 1;
  const int64_t row_bytes = request.image_width * int64_t(pixel_bytes);
  const int64_t rows = std::clamp(kBandBytes / row_bytes, int64_t(1), request.image_height);
  const int64_t bands = (request.image_height + rows - 1) / rows;
  const PasteBand<Stored> kernel = Choose<Stored>(options.output);
  const double result_bytes = double(request.count) * double(request.image_height) * double(row_bytes);
  RunWorkItems(parallel_for, request.count * bands, [&](int64_t item) {
    const int64_t k = item / bands;
    const int64_t first_row = item % bands * rows;
    Corner box[4];
    for (int i = 0; i < 4; ++i) box[i] = ToFloat(request.boxes[4 * k + i]);
    MaskBand<Stored> band = {};
    band.mask = request.masks + k * request.mask_height * request.mask_width;
    band.axes = PasteAxesOf(options.convention, box, request.mask_height, request.mask_width,
                            request.image_height, request.image_width);
    band.first_row = first_row;
    band.last_row = std::min(first_row + rows, request.image_height);
    band.image_width = request.image_width;
    band.output = static_cast<char*>(request.output) + (k * request.image_height + first_row) * row_bytes;
    band.threshold = double(options.threshold);
    band.streamed = result_bytes > double(kCachedResultBytes);
    RunBand(kernel, band, pixel_bytes);
  });
}

template void PasteMasks(const PasteRequest<float, float>&, const PasteOptions&, const ParallelFor&);
template void PasteMasks(const PasteRequest<double, double>&, const PasteOptions&, const ParallelFor&);
template void PasteMasks(const PasteRequest<Half, Half>&, const PasteOptions&, const ParallelFor&);
template void PasteMasks(const PasteRequest<Half, float>&, const PasteOptions&, const ParallelFor&);
template void PasteMasks(const PasteRequest<BFloat16, BFloat16>&, const PasteOptions&, const ParallelFor&);
template void PasteMasks(const PasteRequest<BFloat16, float>&, const PasteOptions&, const ParallelFor&);

}  // namespace roiops
