#include <algorithm>

#include "base/isa.h"
#include "mmdeploy/inputs.h"
#include "mmdeploy/ops.h"
#include "ort/threads.h"

namespace roiops::mmdeploy {
namespace {

constexpr int64_t kQueriesPerItem = 16;

struct AttentionRequest {
  const float* value;      // (images, pixels, heads, channels)
  const float* locations;  // (images, queries, heads, levels, points, 2): x, y from 0 to 1 across the map
  const float* weights;    // (images, queries, heads, levels, points)
  float* output;           // (images, queries, heads, channels)
  int64_t images;
  int64_t pixels;
  int64_t heads;
  int64_t channels;
  int64_t queries;
  int64_t points;
  std::vector<PixelGrid> levels;
};

// The taps of one query for one head.
void ListTaps(const AttentionRequest& request, int64_t query_of_head, TapList& list) {
  int64_t sample = query_of_head * int64_t(request.levels.size()) * request.points;
  for (const PixelGrid& level : request.levels) {
    for (int64_t point = 0; point < request.points; ++point, ++sample) {
      const double x = double(request.locations[2 * sample]) * double(level.width) - 0.5;
      const double y = double(request.locations[2 * sample + 1]) * double(level.height) - 0.5;
      AddBilinear(list, level, y, x, double(request.weights[sample]));
    }
  }
  list.EndOutput();
}

void Attend(const AttentionRequest& request, const ParallelFor& parallel_for) {
  const SamplingKernels& kernels = ActiveKernels<SamplingKernels>();
  const int64_t row = request.heads * request.channels;
  const int64_t items_per_image = (request.queries + kQueriesPerItem - 1) / kQueriesPerItem;
  RunWorkItems(parallel_for, request.images * items_per_image, [&](int64_t item) {
    const int64_t image = item / items_per_image, first = item % items_per_image * kQueriesPerItem;
    const int64_t end = std::min(first + kQueriesPerItem, request.queries);
    TapList list;
    for (int64_t head = 0; head < request.heads; ++head) {
      list.Clear();
      for (int64_t query = first; query < end; ++query) {
        ListTaps(request, (image * request.queries + query) * request.heads + head, list);
      }
      kernels.sum_rows(list.Sums(), request.value + image * request.pixels * row + head * request.channels,
                       row, request.channels,
                       request.output + (image * request.queries + first) * row + head * request.channels,
                       row);
    }
  });
}

// Levels of the sizes in `shapes` (levels, 2) that begin at `starts` (levels) in a row of `pixels` pixels.
std::vector<PixelGrid> CheckedLevels(const ort::Tensor& shapes, const ort::Tensor& starts, int64_t pixels) {
  CheckShape(shapes, "spatial_shapes", {kAny, 2}, "(levels, 2)");
  const int64_t count = shapes.shape[0];
  CheckShape(starts, "level_start_index", {count}, "(", count, "), one for each of 'spatial_shapes'");
  std::vector<PixelGrid> levels;
  levels.reserve(size_t(count));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t height = shapes.As<int64_t>()[2 * i], width = shapes.As<int64_t>()[2 * i + 1];
    const int64_t start = starts.As<int64_t>()[i];
    if (height < 0 || width < 0 || (width > 0 && height > pixels / width)) {
      Fail("input 'spatial_shapes': level ", i, " is ", height, " x ", width, "; it must be within the ",
           pixels, " pixels of 'value'");
    }
    if (start < 0 || start > pixels - height * width) {
      Fail("input 'level_start_index': level ", i, " of ", height, " x ", width, " pixels starts at ", start,
           "; it must be within the ", pixels, " pixels of 'value'");
    }
    levels.push_back({height, width, start});
  }
  return levels;
}

template <class Provider>
class DeformableAttentionKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"MMCVMultiScaleDeformableAttention",
            1,
            {{ort::kElementType<float>},
             {ort::kElementType<int64_t>},
             {ort::kElementType<int64_t>},
             {ort::kElementType<float>},
             {ort::kElementType<float>}},
            {ort::kElementType<float>},
            [](const ort::ShapeInference& context) {
              const std::vector<ort::Dimension> value = context.Input(0), locations = context.Input(3);
              if (value.size() != 4 || locations.size() != 6) return;
              const bool known = value[2].value >= 0 && value[3].value >= 0;
              const ort::Dimension channels = {known ? value[2].value * value[3].value : -1, ""};
              context.SetOutput(0, ort::kElementType<float>, {locations[0], locations[1], channels});
            }};
  }

  explicit DeformableAttentionKernel(const ort::KernelInfo&) {}

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor value = context.Input(0), locations = context.Input(3), weights = context.Input(4);
    CheckShape(value, "value", {kAny, kAny, kAny, kAny}, "(images, pixels, heads, channels)");
    const int64_t images = value.shape[0], pixels = value.shape[1], heads = value.shape[2];
    if (pixels > INT32_MAX)
      Fail("input 'value' has shape ", ort::ToString(value.shape), "; there must be fewer than 2^31 pixels");
    std::vector<PixelGrid> levels = CheckedLevels(context.Input(1), context.Input(2), pixels);
    const int64_t count = int64_t(levels.size());
    CheckShape(locations, "sampling_locations", {images, kAny, heads, count, kAny, 2}, "(", images,
               ", queries, ", heads, ", ", count,
               ", points, 2): the images and heads of 'value', and the levels of 'spatial_shapes'");
    const int64_t queries = locations.shape[1], points = locations.shape[4];
    CheckShape(weights, "attention_weights", {images, queries, heads, count, points},
               "the shape of 'sampling_locations' without the last axis, ", ort::ToString(locations.shape));
    if (count * points > INT32_MAX / (4 * kQueriesPerItem)) {
      Fail("input 'sampling_locations' has shape ", ort::ToString(locations.shape),
           "; there must be fewer points");
    }
    const std::vector<int64_t> shape = {images, queries, heads * value.shape[3]};
    const bool empty = CheckedCount(shape, "output 0") == 0;
    float* const output = static_cast<float*>(context.Output(0, shape));
    if (empty) return;
    Attend({value.As<float>(), locations.As<float>(), weights.As<float>(), output, images, pixels, heads,
            value.shape[3], queries, points, std::move(levels)},
           ort::SessionThreads(context));
  }
};

}  // namespace

void AddDeformableAttention(ort::OperatorList& list) {
  ort::AddOperator<DeformableAttentionKernel>(list, ort::Types<ort::Cpu>(), ort::TypeList<ort::Types<>>());
}

}  // namespace roiops::mmdeploy
