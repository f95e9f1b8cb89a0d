#include "nms_rotated/cpu/nms.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/half.h"
#include "nms_rotated/cpu/neighbours.h"
#include "rotated/overlap.h"

namespace roiops {
namespace {

struct Candidate {
  double score;
  int32_t box;
};

// Says whether two boxes overlap, and how far away a box may be for that.
class OverlapTest {
 public:
  explicit OverlapTest(const NmsOptions& options) : options_(options) {
    // A larger Bhattacharyya distance than this is no overlap; see GaussianIou.
    const double far = 1 - options.iou_threshold;
    most_distance_ = -std::log(std::max(0.0, 1 + kGaussianEpsilon - far * far));
  }

  // An IoU of zero is enough: boxes overlap wherever they are.
  bool Always() const {
    return options_.iou == IouKind::kPolygon && options_.inclusive && options_.iou_threshold <= 0;
  }

  // Boxes whose circles do not touch do not overlap.
  Circle CircleOf(const RotatedBox& box) const {
    const double w = box.half_width, h = box.half_height;
    if (Always()) return {box.x, box.y, std::numeric_limits<double>::infinity()};
    if (options_.iou == IouKind::kPolygon) return {box.x, box.y, std::sqrt(w * w + h * h) * kMore};
    // With S the sum of the covariances, the distance is at least f d'S^-1 d / 4 + log(f) / 2 for the larger
    // f = det / (det + epsilon) of the two boxes, and d'S^-1 d at least d'd over the sum of the largest
    // variances.
    const double determinant = (w * w / 3) * (h * h / 3);
    const double f = determinant / (determinant + kGaussianEpsilon);
    const double variance = std::max(w * w, h * h) / 3;
    return {box.x, box.y, std::sqrt(4 * (most_distance_ - std::log(f) / 2) * variance / f) * kMore};
  }

  bool Overlap(const RotatedBox& a, const RotatedBox& b) const {
    if (options_.iou == IouKind::kGaussian) return Reaches(GaussianIou(a, b));
    const double area_a = a.Area(), area_b = b.Area();
    // The IoU is at most the ratio of the areas.
    if (std::min(area_a, area_b) < options_.iou_threshold * (1 - 1e-12) * std::max(area_a, area_b)) {
      return false;
    }
    return Reaches(PolygonIou(a, b));
  }

 private:
  static constexpr double kMore = 1 + 1e-9;  // than rounding takes away

  bool Reaches(double iou) const {
    return options_.inclusive ? iou >= options_.iou_threshold : iou > options_.iou_threshold;
  }

  const NmsOptions& options_;
  double most_distance_;
};

template <class T>
std::vector<Candidate> SortedCandidates(const T* scores, int64_t count, const NmsOptions& options) {
  std::vector<Candidate> candidates;
  for (int64_t i = 0; i < count; ++i) {
    const double score = double(ToFloat(scores[i]));
    if (options.score_threshold ? score > *options.score_threshold : score == score) {
      candidates.push_back({score, int32_t(i)});
    }
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.box < b.box;
  });
  return candidates;
}

// The kept boxes of one class of one image.
template <class T>
std::vector<int32_t> KeepOfClass(const T* boxes, const T* scores, int64_t count, const NmsOptions& options) {
  const std::vector<Candidate> candidates = SortedCandidates(scores, count, options);
  const size_t most = options.most_per_class > 0 ? size_t(options.most_per_class) : candidates.size();
  const OverlapTest test(options);
  Neighbours neighbours(int64_t(candidates.size()));
  std::vector<RotatedBox> suppressing;
  std::vector<Circle> circles;
  std::vector<int32_t> kept;
  for (const Candidate& candidate : candidates) {
    if (kept.size() >= most) break;
    double numbers[5];
    for (int i = 0; i < 5; ++i) numbers[i] = double(ToFloat(boxes[5 * int64_t(candidate.box) + i]));
    const RotatedBox box(numbers, options.angle);
    if (!box.IsFinite()) {
      kept.push_back(candidate.box);
      continue;
    }
    const Circle circle = test.CircleOf(box);
    const bool suppressed = neighbours.AnyNear(circle, [&](int32_t other) {
      const Circle& near = circles[size_t(other)];
      const double dx = near.x - circle.x, dy = near.y - circle.y, reach = near.radius + circle.radius;
      if (dx * dx + dy * dy > reach * reach) return false;
      return test.Overlap(suppressing[size_t(other)], box);
    });
    if (!suppressed) kept.push_back(candidate.box);
    if (!suppressed || options.fast) {
      neighbours.Insert(int32_t(suppressing.size()), circle);
      suppressing.push_back(box);
      circles.push_back(circle);
    }
  }
  return kept;
}

}  // namespace

template <class T>
std::vector<KeptBox> NmsRotated(const NmsRequest<T>& request, const NmsOptions& options,
                                const ParallelFor& parallel_for) {
  const int64_t items = request.images * request.classes;
  const int64_t count = request.boxes_per_image;
  std::vector<std::vector<int32_t>> kept(static_cast<size_t>(items));
  RunWorkItems(parallel_for, items, [&](int64_t item) {
    const T* boxes = request.boxes + item / request.classes * count * 5;
    kept[size_t(item)] = KeepOfClass(boxes, request.scores + item * count, count, options);
  });
  std::vector<KeptBox> all;
  for (int64_t item = 0; item < items; ++item) {
    for (const int32_t box : kept[size_t(item)]) {
      all.push_back({item / request.classes, item % request.classes, box});
    }
  }
  return all;
}

template std::vector<KeptBox> NmsRotated(const NmsRequest<float>&, const NmsOptions&, const ParallelFor&);
template std::vector<KeptBox> NmsRotated(const NmsRequest<double>&, const NmsOptions&, const ParallelFor&);
template std::vector<KeptBox> NmsRotated(const NmsRequest<Half>&, const NmsOptions&, const ParallelFor&);
template std::vector<KeptBox> NmsRotated(const NmsRequest<BFloat16>&, const NmsOptions&, const ParallelFor&);

}  // namespace roiops
