#include <algorithm>

#include "base/isa.h"
#include "mmdeploy/attributes.h"
#include "mmdeploy/grid_sampler/points.h"
#include "mmdeploy/inputs.h"
#include "mmdeploy/ops.h"
#include "mmdeploy/sampling/rows.h"
#include "ort/threads.h"

namespace roiops::mmdeploy {
namespace {

constexpr int64_t kPointsPerItem = 256;

struct GridRequest {
  const float* x;     // (images, channels, pixels.height, pixels.width)
  const float* grid;  // (images, points, 2)
  float* output;      // (images, channels, points)
  int64_t images;
  int64_t channels;
  int64_t points;
  PixelGrid pixels;
};

void SampleGrid(const GridRequest& request, const GridRule& rule, const ParallelFor& parallel_for) {
  const SamplingKernels& kernels = ActiveKernels<SamplingKernels>();
  const int64_t channels = request.channels, points = request.points;
  const int64_t pixels = request.pixels.height * request.pixels.width;
  // A few points read less from the planes than it takes to copy them.
  const bool in_planes = points < pixels / 8;
  const std::unique_ptr<float[]> rows = in_planes ? nullptr : Uninitialised(pixels * channels);
  for (int64_t n = 0; n < request.images; ++n) {
    const float* const planes = request.x + n * channels * pixels;
    const float* const grid = request.grid + n * points * 2;
    float* const output = request.output + n * channels * points;
    if (!in_planes) CopyToRows(planes, channels, pixels, rows.get(), parallel_for);
    RunWorkItems(parallel_for, (points + kPointsPerItem - 1) / kPointsPerItem, [&](int64_t item) {
      const int64_t first = item * kPointsPerItem, count = std::min(kPointsPerItem, points - first);
      TapList list;
      for (int64_t i = first; i < first + count; ++i) {
        AddGridPoint(list, request.pixels, grid[2 * i], grid[2 * i + 1], rule);
        list.EndOutput();
      }
      if (in_planes) {
        kernels.sum_planes(list.Sums(), planes, pixels, channels, output + first, points);
        return;
      }
      const std::unique_ptr<float[]> sums = Uninitialised(count * channels);
      kernels.sum_rows(list.Sums(), rows.get(), channels, channels, sums.get(), channels);
      kernels.transpose(sums.get(), channels, count, channels, output + first, points);
    });
  }
}

template <class Provider>
class GridSamplerKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"grid_sampler",
            1,
            {{ort::kElementType<float>}, {ort::kElementType<float>}},
            {ort::kElementType<float>},
            [](const ort::ShapeInference& context) {
              const std::vector<ort::Dimension> x = context.Input(0), grid = context.Input(1);
              if (x.size() == 4 && grid.size() == 4)
                context.SetOutput(0, ort::kElementType<float>, {x[0], x[1], grid[1], grid[2]});
            }};
  }

  explicit GridSamplerKernel(const ort::KernelInfo& info)
      : rule_{Interpolation(RequiredInt(info, "interpolation_mode", 0, 2)),
              Padding(RequiredInt(info, "padding_mode", 0, 2)), RequiredFlag(info, "align_corners")} {}

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor x = context.Input(0), grid = context.Input(1);
    const PixelGrid pixels = CheckedPixels(x, "x");
    const int64_t images = x.shape[0], channels = x.shape[1];
    CheckShape(grid, "grid", {images, kAny, kAny, 2}, "(", images,
               ", height, width, 2): the images of 'x', and points x, y");
    const int64_t height = grid.shape[1], width = grid.shape[2];
    const std::vector<int64_t> shape = {images, channels, height, width};
    if (CheckedCount(shape, "output 0") == 0) {
      context.Output(0, shape);
      return;
    }
    const GridRequest request = {
        x.As<float>(), grid.As<float>(), static_cast<float*>(context.Output(0, shape)),
        images,        channels,         height * width,
        pixels};
    SampleGrid(request, rule_, ort::SessionThreads(context));
  }

 private:
  const GridRule rule_;
};

}  // namespace

void AddGridSampler(ort::OperatorList& list) {
  ort::AddOperator<GridSamplerKernel>(list, ort::Types<ort::Cpu>(), ort::TypeList<ort::Types<>>());
}

}  // namespace roiops::mmdeploy
