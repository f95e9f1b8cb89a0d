#include "mmdeploy/nms/boxes.h"
#include "mmdeploy/nms/inputs.h"
#include "mmdeploy/ops.h"
#include "ort/threads.h"

namespace roiops::mmdeploy {
namespace {

struct Match {
  int32_t kept;
  int32_t suppressed;
};

struct MatchRule {
  double iou_threshold;    // boxes suppress at the threshold itself, too
  double score_threshold;  // of kept boxes whose matches are told: their scores are greater
};

std::vector<Match> MatchesOfClass(const float* boxes, const float* scores, int64_t count,
                                  const MatchRule& rule) {
  constexpr double kOffset = 0;
  constexpr double kEpsilon = 1e-10;  // of the definition
  const std::vector<UprightBox> all = ReadBoxes(boxes, count, kOffset);
  std::vector<int32_t> order = ByScore(scores, count);
  std::vector<Match> matches;
  // Scores only get smaller.
  for (size_t i = 0; i < order.size() && double(scores[order[i]]) > rule.score_threshold; ++i) {
    const int32_t kept = order[i];
    const UprightBox& box = all[size_t(kept)];
    std::vector<int32_t> left;
    for (size_t j = i + 1; j < order.size(); ++j) {
      const UprightBox& other = all[size_t(order[j])];
      const double shared = Intersection(box, other, kOffset);
      if (shared / (box.area + other.area - shared + kEpsilon) >= rule.iou_threshold) {
        matches.push_back({kept, order[j]});
      } else {
        left.push_back(order[j]);
      }
    }
    order.resize(i + 1);
    order.insert(order.end(), left.begin(), left.end());
  }
  return matches;
}

double CheckedThreshold(const ort::Tensor& tensor, const char* input) {
  if (CheckedCount(tensor.shape, input) != 1)
    Fail("input '", input, "' has shape ", ort::ToString(tensor.shape), "; it must have one element");
  const float value = *tensor.As<float>();
  if (value != value) Fail("input '", input, "' is NaN; it must be a number");
  return double(value);
}

template <class Provider>
class NmsMatchKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    const ort::InputSpec given = {ort::kElementType<float>};
    return {"NMSMatch",
            1,
            {given, given, given, given},
            {ort::kElementType<int64_t>},
            [](const ort::ShapeInference& context) {
              context.SetOutput(0, ort::kElementType<int64_t>, {{}, {4, ""}});
            }};
  }

  explicit NmsMatchKernel(const ort::KernelInfo&) {}

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor boxes = context.Input(0), scores = context.Input(1);
    CheckShape(boxes, "boxes", {kAny, kAny, 4}, "(images, number of boxes, 4)");
    const int64_t images = boxes.shape[0], count = boxes.shape[1];
    CheckBoxCount(boxes, count);
    CheckShape(scores, "scores", {images, kAny, count}, "(", images, ", classes, ", count,
               "), the images and the number of boxes of 'boxes'");
    const MatchRule rule = {CheckedThreshold(context.Input(2), "iou_threshold"),
                            CheckedThreshold(context.Input(3), "score_threshold")};
    const int64_t classes = scores.shape[1], items = images * classes;
    std::vector<std::vector<Match>> matches(static_cast<size_t>(items));
    RunWorkItems(ort::SessionThreads(context), items, [&](int64_t item) {
      matches[size_t(item)] = MatchesOfClass(boxes.As<float>() + item / classes * count * 4,
                                             scores.As<float>() + item * count, count, rule);
    });
    size_t rows = 0;
    for (const std::vector<Match>& of_class : matches) rows += of_class.size();
    int64_t* output = static_cast<int64_t*>(context.Output(0, {int64_t(rows), 4}));
    for (int64_t item = 0; item < items; ++item) {
      for (const Match& match : matches[size_t(item)]) {
        *output++ = item / classes;
        *output++ = item % classes;
        *output++ = match.kept;
        *output++ = match.suppressed;
      }
    }
  }
};

}  // namespace

void AddNmsMatch(ort::OperatorList& list) {
  ort::AddOperator<NmsMatchKernel>(list, ort::Types<ort::Cpu>(), ort::TypeList<ort::Types<>>());
}

}  // namespace roiops::mmdeploy
