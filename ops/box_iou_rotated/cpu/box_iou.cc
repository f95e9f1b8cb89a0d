#include "box_iou_rotated/cpu/box_iou.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/half.h"
#include "rotated/overlap.h"

namespace roiops {
namespace {

constexpr int64_t kItemPairs = 4096;

struct Measured {
  RotatedBox box;
  double radius;  // of the circle around it; NaN if the box is not finite
};

template <class T>
std::vector<Measured> Measure(const T* boxes, int64_t count, const AngleRule& angle) {
  std::vector<Measured> measured;
  measured.reserve(size_t(count));
  for (int64_t k = 0; k < count; ++k) {
    double numbers[5];
    for (int i = 0; i < 5; ++i) numbers[i] = double(ToFloat(boxes[5 * k + i]));
    const RotatedBox box(numbers, angle);
    const double w = box.half_width, h = box.half_height;
    measured.push_back({box, box.IsFinite() ? std::sqrt(w * w + h * h) * (1 + 1e-9) : NAN});
  }
  return measured;
}

double Overlap(const Measured& a, const Measured& b, IouMode mode) {
  const double dx = a.box.x - b.box.x, dy = a.box.y - b.box.y, reach = a.radius + b.radius;
  if (dx * dx + dy * dy > reach * reach) return 0;
  return mode == IouMode::kIou ? PolygonIou(a.box, b.box) : PolygonIof(a.box, b.box);
}

void Store(double value, double* to) { *to = value; }
void Store(double value, float* to) { *to = float(value); }
void Store(double value, Half* to) { *to = ToHalf(float(value)); }
void Store(double value, BFloat16* to) { *to = ToBFloat16(float(value)); }

}  // namespace

template <class T>
void BoxIouRotated(const BoxIouRequest<T>& request, IouMode mode, const AngleRule& angle,
                   const ParallelFor& parallel_for) {
  if (request.a_count == 0 || request.b_count == 0) return;
  const std::vector<Measured> a = Measure(request.a, request.a_count, angle);
  const std::vector<Measured> b = Measure(request.b, request.b_count, angle);
  const int64_t rows = std::max<int64_t>(1, kItemPairs / request.b_count);
  RunWorkItems(parallel_for, (request.a_count + rows - 1) / rows, [&](int64_t item) {
    const int64_t end = std::min((item + 1) * rows, request.a_count);
    T* output = request.output + item * rows * request.b_count;
    for (int64_t i = item * rows; i < end; ++i) {
      for (const Measured& other : b) Store(Overlap(a[size_t(i)], other, mode), output++);
    }
  });
}

template void BoxIouRotated(const BoxIouRequest<float>&, IouMode, const AngleRule&, const ParallelFor&);
template void BoxIouRotated(const BoxIouRequest<double>&, IouMode, const AngleRule&, const ParallelFor&);
template void BoxIouRotated(const BoxIouRequest<Half>&, IouMode, const AngleRule&, const ParallelFor&);
template void BoxIouRotated(const BoxIouRequest<BFloat16>&, IouMode, const AngleRule&, const ParallelFor&);

}  // namespace roiops
