#include <algorithm>
#include <cmath>

#include "base/isa.h"
#include "mmdeploy/attributes.h"
#include "mmdeploy/inputs.h"
#include "mmdeploy/ops.h"
#include "mmdeploy/sampling/rows.h"
#include "ort/threads.h"

namespace roiops::mmdeploy {
namespace {

constexpr int64_t kPixelsPerItem = 128;

struct AlignRequest {
  const float* x;      // (images, channels, pixels.height, pixels.width)
  const float* boxes;  // (images, pixels.height, pixels.width, 5): cy, cx, w, h, angle in radians
  float* output;       // as x
  int64_t images;
  int64_t channels;
  PixelGrid pixels;
  float scale;
  bool corners;  // points are the box's corners, too
};

// A pixel's own value and those at the points of its box. Whether a point is on the map jumps, so points are
// computed in float32, with the operations of the definition.
void ListTaps(const AlignRequest& request, int64_t pixel, const float* box, TapList& list) {
  list.Add(pixel, 1);
  const float y = box[0] * request.scale, x = box[1] * request.scale;
  AddClampedBilinear(list, request.pixels, double(y), double(x));
  if (request.corners) {
    const float half_w = box[2] * request.scale / 2, half_h = box[3] * request.scale / 2;
    const float cos = std::cos(box[4]), sin = std::sin(box[4]);
    const float wx = cos * half_w, wy = sin * half_w, hx = -sin * half_h, hy = cos * half_h;
    AddClampedBilinear(list, request.pixels, double(y + wy + hy), double(x + wx + hx));
    AddClampedBilinear(list, request.pixels, double(y - wy + hy), double(x - wx + hx));
    AddClampedBilinear(list, request.pixels, double(y - wy - hy), double(x - wx - hx));
    AddClampedBilinear(list, request.pixels, double(y + wy - hy), double(x + wx - hx));
  }
  list.EndOutput();
}

void AlignFeatures(const AlignRequest& request, const ParallelFor& parallel_for) {
  const SamplingKernels& kernels = ActiveKernels<SamplingKernels>();
  const int64_t channels = request.channels, pixels = request.pixels.height * request.pixels.width;
  const std::unique_ptr<float[]> rows = Uninitialised(pixels * channels);
  for (int64_t n = 0; n < request.images; ++n) {
    const float* const boxes = request.boxes + n * pixels * 5;
    float* const output = request.output + n * channels * pixels;
    CopyToRows(request.x + n * channels * pixels, channels, pixels, rows.get(), parallel_for);
    RunWorkItems(parallel_for, (pixels + kPixelsPerItem - 1) / kPixelsPerItem, [&](int64_t item) {
      const int64_t first = item * kPixelsPerItem, count = std::min(kPixelsPerItem, pixels - first);
      TapList list;
      for (int64_t pixel = first; pixel < first + count; ++pixel) {
        ListTaps(request, pixel, boxes + 5 * pixel, list);
      }
      const std::unique_ptr<float[]> sums = Uninitialised(count * channels);
      kernels.sum_rows(list.Sums(), rows.get(), channels, channels, sums.get(), channels);
      kernels.transpose(sums.get(), channels, count, channels, output + first, pixels);
    });
  }
}

template <class Provider>
class RotatedFeatureAlignKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"MMCVRotatedFeatureAlign",
            1,
            {{ort::kElementType<float>}, {ort::kElementType<float>}},
            {ort::kElementType<float>},
            [](const ort::ShapeInference& context) {
              const std::vector<ort::Dimension> shape = context.Input(0);
              if (shape.size() == 4) context.SetOutput(0, ort::kElementType<float>, shape);
            }};
  }

  explicit RotatedFeatureAlignKernel(const ort::KernelInfo& info)
      : scale_(RequiredScale(info, "spatial_scale")), points_(RequiredInt(info, "points", 1, 5)) {
    if (points_ != 1 && points_ != 5) Fail("attribute 'points' is ", points_, "; it must be 1 or 5");
  }

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor x = context.Input(0), boxes = context.Input(1);
    const PixelGrid pixels = CheckedPixels(x, "features");
    const int64_t images = x.shape[0];
    CheckShape(boxes, "best_rbboxes", {images, pixels.height, pixels.width, 5}, "(", images, ", ",
               pixels.height, ", ", pixels.width, ", 5), a box for each pixel of 'features'");
    float* const output = static_cast<float*>(context.Output(0, x.shape));
    if (images == 0 || x.shape[1] == 0) return;
    AlignFeatures(
        {x.As<float>(), boxes.As<float>(), output, images, x.shape[1], pixels, scale_, points_ == 5},
        ort::SessionThreads(context));
  }

 private:
  const float scale_;
  const int64_t points_;
};

}  // namespace

void AddRotatedFeatureAlign(ort::OperatorList& list) {
  ort::AddOperator<RotatedFeatureAlignKernel>(list, ort::Types<ort::Cpu>(), ort::TypeList<ort::Types<>>());
}

}  // namespace roiops::mmdeploy
