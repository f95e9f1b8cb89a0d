// Upright boxes, x1 y1 x2 y2, and their overlap. Sides may count the last pixel: `offset` is added to them.

#ifndef ROIOPS_MMDEPLOY_NMS_BOXES_H_
#define ROIOPS_MMDEPLOY_NMS_BOXES_H_

#include <algorithm>
#include <cstdint>
#include <vector>

namespace roiops::mmdeploy {

struct UprightBox {
  double x1, y1, x2, y2;
  double area;  // negative if one side is

  UprightBox(const float* box, double offset)
      : x1(box[0]), y1(box[1]), x2(box[2]), y2(box[3]), area((x2 - x1 + offset) * (y2 - y1 + offset)) {}
};

inline double Intersection(const UprightBox& a, const UprightBox& b, double offset) {
  const double width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1) + offset;
  const double height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1) + offset;
  return width > 0 && height > 0 ? width * height : 0;
}

// NaN where there is no area at all, which is no threshold's overlap.
inline double Iou(const UprightBox& a, const UprightBox& b, double offset) {
  const double shared = Intersection(a, b, offset);
  return shared / (a.area + b.area - shared);
}

inline std::vector<UprightBox> ReadBoxes(const float* boxes, int64_t count, double offset) {
  std::vector<UprightBox> read;
  read.reserve(size_t(count));
  for (int64_t i = 0; i < count; ++i) read.emplace_back(boxes + 4 * i, offset);
  return read;
}

// The boxes whose scores are not NaN by descending score, of equal ones the lower index first.
inline std::vector<int32_t> ByScore(const float* scores, int64_t count) {
  std::vector<int32_t> order;
  order.reserve(size_t(count));
  for (int64_t i = 0; i < count; ++i) {
    if (scores[i] == scores[i]) order.push_back(int32_t(i));
  }
  std::stable_sort(order.begin(), order.end(),
                   [scores](int32_t a, int32_t b) { return scores[a] > scores[b]; });
  return order;
}

// Removes those that overlap from what follows position `first` of `order`, which keep theirs.
template <class Overlaps>
void RemoveAfter(std::vector<int32_t>& order, size_t first, const Overlaps& overlaps) {
  order.erase(std::remove_if(order.begin() + int64_t(first) + 1, order.end(), overlaps), order.end());
}

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_NMS_BOXES_H_
