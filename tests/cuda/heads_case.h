// A case of PasteMasks or HeatmapsToKeypoints from bytes: the CPU's kernel against the block algorithm of the
// device, which share the rules of an axis and nothing else.

#ifndef ROIOPS_TESTS_HEADS_CASE_H_
#define ROIOPS_TESTS_HEADS_CASE_H_

#include <cmath>
#include <string>

#include "byte_source.h"
#include "heatmaps_to_keypoints/cpu/keypoints.h"
#include "host_heads.h"
#include "paste_masks/cpu/paste.h"

namespace roiops_test {

inline void OneAfterTheOther(int64_t count, const std::function<void(int64_t)>& item) {
  for (int64_t i = 0; i < count; ++i) item(i);
}

// Memory that ends where its elements do.
template <class T>
std::unique_ptr<T[]> Exactly(int64_t count) {
  return std::unique_ptr<T[]>(new T[size_t(count)]());
}

// In [-1, 3], seldom not a number.
template <class Stored>
std::unique_ptr<Stored[]> Pixels(ByteSource& source, int64_t count) {
  using Acc = typename roiops::ComputeType<Stored>::Type;
  auto pixels = Exactly<Stored>(count);
  const bool holes = source.Between(0, 7) == 0;
  for (int64_t i = 0; i < count; ++i) {
    const Acc value = Acc(source.Between(0, 255)) / 64 - 1;
    pixels[size_t(i)] = roiops::Narrow<Stored, Acc>::From(holes && value > Acc(2.9) ? Acc(NAN) : value);
  }
  return pixels;
}

// Near an image of 100 pixels, or any finite numbers where these are `wild`.
inline std::unique_ptr<float[]> BoxesOf(ByteSource& source, int64_t count, bool wild) {
  auto boxes = Exactly<float>(4 * count);
  for (int64_t i = 0; i < 4 * count; ++i)
    boxes[size_t(i)] = wild ? source.Finite<float>() : float(source.Between(-200, 1200)) / 8;
  return boxes;
}

template <class Stored>
bool Agree(Stored a, Stored b) {
  const double x = double(roiops::ToFloat(a)), y = double(roiops::ToFloat(b));
  const double tolerance = sizeof(Stored) == 2 ? 0.02 : 1e-4;
  return (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= tolerance * (1 + std::abs(y));
}

// Whether a byte of the result may be the other: the value is within rounding of where it changes.
template <class Acc>
bool ByteIsRight(uint8_t byte, Acc value, roiops::PasteOutput output, float threshold) {
  if (output == roiops::PasteOutput::kBinary)
    return byte == (value >= Acc(threshold)) || std::abs(double(value) - double(threshold)) < 1e-4;
  const double scaled = double(value) * 255;
  const double wanted = scaled > 0 ? (scaled < 255 ? scaled : 255) : 0;
  return byte >= std::floor(wanted - 0.05) && byte <= std::floor(wanted + 0.05);
}

// Runs both with `threads` for the block, 0 for none; empty, or what is wrong.
template <class Stored>
std::string CheckPasteCase(ByteSource source, int threads, const roiops::ParallelFor& parallel_for) {
  using Acc = typename roiops::ComputeType<Stored>::Type;
  const int64_t count = source.Between(0, 3), mask_height = source.Between(1, 6),
                mask_width = source.Between(1, 6);
  const int64_t height = source.Between(0, 40), width = source.Between(0, 90);
  const auto boxes = BoxesOf(source, count, source.Between(0, 3) == 0);
  const roiops::PasteConvention convention = roiops::PasteConvention(source.Between(0, 2));
  const auto masks = Pixels<Stored>(source, count * mask_height * mask_width);
  const int64_t pixels = count * height * width;
  // Boxes in the arithmetic of the masks: float64 masks have float64 boxes.
  using Box = std::conditional_t<std::is_same_v<Stored, double>, double, float>;
  const auto typed = Exactly<Box>(4 * count);
  for (int64_t i = 0; i < 4 * count; ++i) typed[size_t(i)] = Box(boxes[size_t(i)]);

  const auto soft = Exactly<Stored>(pixels), block = Exactly<Stored>(pixels);
  const auto bytes = Exactly<uint8_t>(pixels);
  const auto paste = [&](roiops::PasteOutput output, void* to) {
    const roiops::PasteRequest<Stored, Box> request = {masks.get(), typed.get(), count, mask_height,
                                                       mask_width,  height,      width, to};
    roiops::PasteMasks(request, {convention, output, 0.5f}, parallel_for);
  };
  paste(roiops::PasteOutput::kSoft, soft.get());
  roiops::CudaPasteRequest request = {};
  request.masks = masks.get();
  request.boxes = typed.get();
  request.float_boxes = std::is_same_v<Box, float>;
  request.output = block.get();
  request.count = count;
  request.mask_height = mask_height;
  request.mask_width = mask_width;
  request.image_height = height;
  request.image_width = width;
  request.options = {convention, roiops::PasteOutput::kSoft, 0.5f};
  roiops::ChooseBands(request, sizeof(Stored));
  if (request.work_items) PasteOnHost<Stored>(request, threads);
  for (int64_t i = 0; i < pixels; ++i) {
    if (!Agree(soft[size_t(i)], block[size_t(i)])) return "pasted pixel " + std::to_string(i) + " differs";
  }
  if (sizeof(Stored) == 2) return "";  // the bytes are those of values before they are rounded
  for (const auto output : {roiops::PasteOutput::kBinary, roiops::PasteOutput::kBytes}) {
    paste(output, bytes.get());
    for (int64_t i = 0; i < pixels; ++i) {
      if (!ByteIsRight(bytes[size_t(i)], Acc(roiops::ToFloat(soft[size_t(i)])), output, 0.5f))
        return "byte " + std::to_string(i) + " is wrong";
    }
  }
  return "";
}

template <class Stored>
std::string CheckKeypointCase(ByteSource source, int threads, const roiops::ParallelFor& parallel_for) {
  using Box = std::conditional_t<std::is_same_v<Stored, double>, double, float>;
  const int64_t count = source.Between(0, 2), keypoints = source.Between(0, 3);
  const int64_t height = source.Between(1, 12), width = source.Between(1, 12);
  const auto boxes = BoxesOf(source, count, false);
  const auto convention = roiops::KeypointConvention(source.Between(0, 1));
  const auto maps = Pixels<Stored>(source, count * keypoints * height * width);
  const auto typed = Exactly<Box>(4 * count);
  for (int64_t i = 0; i < 4 * count; ++i) typed[size_t(i)] = Box(boxes[size_t(i)]);
  const int64_t columns = convention == roiops::KeypointConvention::kDetectron2 ? 4 : 3;
  const int64_t points = count * keypoints;
  const auto found = Exactly<Box>(points * columns), block = Exactly<Box>(points * columns);
  const auto scores = Exactly<Box>(points), block_scores = Exactly<Box>(points);
  const roiops::KeypointRequest<Stored, Box> request = {maps.get(), typed.get(), count,       keypoints,
                                                        height,     width,       found.get(), scores.get()};
  roiops::HeatmapsToKeypoints(request, convention, parallel_for);
  roiops::CudaKeypointRequest on_device = {};
  on_device.maps = maps.get();
  on_device.boxes = typed.get();
  on_device.float_boxes = std::is_same_v<Box, float>;
  on_device.points = block.get();
  on_device.scores = block_scores.get();
  on_device.count = count;
  on_device.keypoints = keypoints;
  on_device.height = height;
  on_device.width = width;
  on_device.convention = convention;
  FindKeypointsOnHost<Stored>(on_device, threads);
  for (int64_t i = 0; i < points; ++i) {
    // Where two pixels are as large, the values still agree.
    const size_t third = size_t(columns * i + 2);
    if (!Agree(scores[size_t(i)], block_scores[size_t(i)]) || !Agree(found[third], block[third]))
      return "keypoint " + std::to_string(i) + " differs";
  }
  return "";
}

inline std::string CheckHeadsCase(ByteSource source, int threads = 0,
                                  const roiops::ParallelFor& parallel_for = OneAfterTheOther) {
  constexpr std::string (*kChecks[])(ByteSource, int, const roiops::ParallelFor&) = {
      CheckPasteCase<float>,           CheckPasteCase<double>,
      CheckPasteCase<roiops::Half>,    CheckPasteCase<roiops::BFloat16>,
      CheckKeypointCase<float>,        CheckKeypointCase<double>,
      CheckKeypointCase<roiops::Half>, CheckKeypointCase<roiops::BFloat16>};
  const int64_t which = source.Between(0, 7);
  return kChecks[which](source, threads, parallel_for);
}

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_HEADS_CASE_H_
