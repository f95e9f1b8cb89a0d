#include <cmath>

#include "mmdeploy/attributes.h"
#include "mmdeploy/nms/boxes.h"
#include "mmdeploy/nms/inputs.h"
#include "mmdeploy/ops.h"

namespace roiops::mmdeploy {
namespace {

enum class Decay { kHard, kLinear, kGaussian };

struct SoftNmsRule {
  Decay decay;
  double iou_threshold;
  double sigma;
  double min_score;
  double offset;
};

SoftNmsRule ReadRule(const ort::KernelInfo& info) {
  const Decay decay = Decay(RequiredInt(info, "method", 0, 2));
  const float sigma = RequiredFloat(info, "sigma", -INFINITY, INFINITY);
  if (decay == Decay::kGaussian && sigma <= 0)
    Fail("attribute 'sigma' is ", sigma, "; it must be greater than 0 for method 2");
  return {decay, double(RequiredFloat(info, "iou_threshold", 0, 1)), double(sigma),
          double(RequiredFloat(info, "min_score", -INFINITY, INFINITY)),
          RequiredFlag(info, "offset") ? 1.0 : 0.0};
}

// What is left of a score beside a picked box.
double Factor(double iou, const SoftNmsRule& rule) {
  switch (rule.decay) {
    case Decay::kHard:
      return iou >= rule.iou_threshold ? 0 : 1;
    case Decay::kLinear:
      return iou >= rule.iou_threshold ? 1 - iou : 1;
    case Decay::kGaussian:
      break;
  }
  return iou == iou ? std::exp(-iou * iou / rule.sigma) : 1;
}

struct Candidate {
  UprightBox box;
  double score;
  int64_t index;
};

// Brings the candidates into the order in which they are picked and removes those whose scores fall below
// min_score. The first one is never tested.
void SoftNms(std::vector<Candidate>& candidates, const SoftNmsRule& rule) {
  for (size_t i = 0; i < candidates.size(); ++i) {
    size_t best = i;
    for (size_t j = i + 1; j < candidates.size(); ++j) {
      if (candidates[j].score > candidates[best].score) best = j;
    }
    std::swap(candidates[i], candidates[best]);
    for (size_t j = i + 1; j < candidates.size();) {
      candidates[j].score *= Factor(Iou(candidates[i].box, candidates[j].box, rule.offset), rule);
      if (candidates[j].score < rule.min_score) {
        candidates[j] = candidates.back();  // as the definition does it: this decides which of equal is first
        candidates.pop_back();
      } else {
        ++j;
      }
    }
  }
}

template <class Provider>
class SoftNmsKernel : public ort::Kernel {
 public:
  static ort::OpSpec Spec() {
    return {"SoftNonMaxSuppression",
            1,
            {{ort::kElementType<float>}, {ort::kElementType<float>}},
            {ort::kElementType<float>, ort::kElementType<int64_t>},
            [](const ort::ShapeInference& context) {
              context.SetOutput(0, ort::kElementType<float>, {{}, {5, ""}});
              context.SetOutput(1, ort::kElementType<int64_t>, {{}});
            }};
  }

  explicit SoftNmsKernel(const ort::KernelInfo& info) : rule_(ReadRule(info)) {}

  void Compute(const ort::KernelContext& context) override {
    const ort::Tensor boxes = context.Input(0), scores = context.Input(1);
    const int64_t count = CheckedBoxesAndScores(boxes, scores);
    std::vector<Candidate> candidates;
    for (int64_t i = 0; i < count; ++i) {
      const float score = scores.As<float>()[i];
      if (score == score)
        candidates.push_back({UprightBox(boxes.As<float>() + 4 * i, rule_.offset), double(score), i});
    }
    SoftNms(candidates, rule_);
    const int64_t kept = int64_t(candidates.size());
    float* detections = static_cast<float*>(context.Output(0, {kept, 5}));
    int64_t* indices = static_cast<int64_t*>(context.Output(1, {kept}));
    for (const Candidate& candidate : candidates) {
      detections = std::copy_n(boxes.As<float>() + 4 * candidate.index, 4, detections);
      *detections++ = float(candidate.score);
      *indices++ = candidate.index;
    }
  }

 private:
  const SoftNmsRule rule_;
};

}  // namespace

void AddSoftNms(ort::OperatorList& list) {
  ort::AddOperator<SoftNmsKernel>(list, ort::Types<ort::Cpu>(), ort::TypeList<ort::Types<>>());
}

}  // namespace roiops::mmdeploy
