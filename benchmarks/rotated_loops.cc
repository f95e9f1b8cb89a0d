// The loops that operators on rotated boxes are compared with: one output at a time, one pair of boxes at a
// time, in float32, as libraries of operators usually do it. Compiled with -O3 by benchmarks/rotated.py.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

namespace {

struct Sample {
  int64_t at[4];
  float weight[4];
};

Sample At(float y, float x, int64_t height, int64_t width) {
  Sample sample = {};
  if (y < -1 || y > float(height) || x < -1 || x > float(width)) return sample;
  y = std::max(y, 0.0f);
  x = std::max(x, 0.0f);
  int64_t top = int64_t(y), left = int64_t(x), bottom = top + 1, right = left + 1;
  if (top >= height - 1) {
    top = bottom = height - 1;
    y = float(top);
  }
  if (left >= width - 1) {
    left = right = width - 1;
    x = float(left);
  }
  const float dy = y - float(top), dx = x - float(left);
  return {{top * width + left, top * width + right, bottom * width + left, bottom * width + right},
          {(1 - dy) * (1 - dx), (1 - dy) * dx, dy * (1 - dx), dy * dx}};
}

struct Point {
  float x, y;
};

Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
float Cross(Point a, Point b) { return a.x * b.y - b.x * a.y; }
float Dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }

void Corners(const float* box, Point centre, Point* corners) {
  const float cos = std::cos(box[4]) * 0.5f, sin = std::sin(box[4]) * 0.5f;
  const float x = box[0] - centre.x, y = box[1] - centre.y, w = box[2], h = box[3];
  corners[0] = {x - sin * h - cos * w, y + cos * h - sin * w};
  corners[1] = {x + sin * h - cos * w, y - cos * h - sin * w};
  corners[2] = {2 * x - corners[0].x, 2 * y - corners[0].y};
  corners[3] = {2 * x - corners[1].x, 2 * y - corners[1].y};
}

// The area of the convex hull (Graham's scan) of the corners inside the other box and the edges'
// intersections.
float Iou(const float* a, const float* b) {
  const Point centre = {(a[0] + b[0]) / 2, (a[1] + b[1]) / 2};
  Point p[4], q[4], points[24];
  Corners(a, centre, p);
  Corners(b, centre, q);
  int count = 0;
  for (int i = 0; i < 4; ++i) {
    const Point u = p[(i + 1) % 4] - p[i];
    for (int j = 0; j < 4; ++j) {
      const Point v = q[(j + 1) % 4] - q[j];
      const float det = Cross(v, u);
      if (std::fabs(det) <= 1e-14f) continue;
      const Point between = q[j] - p[i];
      const float t = Cross(v, between) / det, s = Cross(u, between) / det;
      if (t >= 0 && t <= 1 && s >= 0 && s <= 1) points[count++] = {p[i].x + u.x * t, p[i].y + u.y * t};
    }
  }
  const auto add_inside = [&](const Point* corners, const Point* box) {
    const Point ab = box[1] - box[0], ad = box[3] - box[0];
    for (int i = 0; i < 4; ++i) {
      const Point ap = corners[i] - box[0];
      const float along = Dot(ap, ab), across = Dot(ap, ad);
      if (along >= 0 && across >= 0 && along <= Dot(ab, ab) && across <= Dot(ad, ad)) {
        points[count++] = corners[i];
      }
    }
  };
  add_inside(p, q);
  add_inside(q, p);
  if (count <= 2) return 0;
  int lowest = 0;
  for (int i = 1; i < count; ++i) {
    if (points[i].y < points[lowest].y ||
        (points[i].y == points[lowest].y && points[i].x < points[lowest].x)) {
      lowest = i;
    }
  }
  Point hull[24];
  const Point start = points[lowest];
  for (int i = 0; i < count; ++i) hull[i] = points[i] - start;
  std::swap(hull[0], hull[lowest]);
  std::sort(hull + 1, hull + count, [](Point l, Point r) {
    const float cross = Cross(l, r);
    return std::fabs(cross) < 1e-6f ? Dot(l, l) < Dot(r, r) : cross > 0;
  });
  int k = 1;
  while (k < count && Dot(hull[k], hull[k]) <= 1e-8f) ++k;
  if (k == count) return 0;
  hull[1] = hull[k];
  int size = 2;
  for (int i = k + 1; i < count; ++i) {
    while (size > 1 && Cross(hull[i] - hull[size - 2], hull[size - 1] - hull[size - 2]) >= 0) --size;
    hull[size++] = hull[i];
  }
  float area = 0;
  for (int i = 1; i < size - 1; ++i) area += std::fabs(Cross(hull[i], hull[i + 1])) / 2;
  return area / (a[2] * a[3] + b[2] * b[3] - area);
}

}  // namespace

extern "C" void PoolRotatedLoop(const float* x, int64_t channels, int64_t height, int64_t width,
                                const float* boxes, int64_t count, float scale, int64_t bins, int64_t ratio,
                                float* output) {
  for (int64_t k = 0; k < count; ++k) {
    const float* box = boxes + 5 * k;
    const float cy = box[1] * scale - 0.5f, cx = box[0] * scale - 0.5f;
    const float w = box[2] * scale, h = box[3] * scale, cos = std::cos(box[4]), sin = std::sin(box[4]);
    const int64_t grid_h = ratio > 0 ? ratio : int64_t(std::ceil(h / float(bins)));
    const int64_t grid_w = ratio > 0 ? ratio : int64_t(std::ceil(w / float(bins)));
    const float bin_h = h / float(bins), bin_w = w / float(bins);
    std::vector<Sample> samples;
    for (int64_t p = 0; p < bins; ++p) {
      for (int64_t q = 0; q < bins; ++q) {
        for (int64_t i = 0; i < grid_h; ++i) {
          const float v = -h / 2 + float(p) * bin_h + (float(i) + 0.5f) * bin_h / float(grid_h);
          for (int64_t j = 0; j < grid_w; ++j) {
            const float u = -w / 2 + float(q) * bin_w + (float(j) + 0.5f) * bin_w / float(grid_w);
            samples.push_back(At(v * cos - u * sin + cy, v * sin + u * cos + cx, height, width));
          }
        }
      }
    }
    const int64_t per_bin = grid_h * grid_w;
    for (int64_t c = 0; c < channels; ++c) {
      const float* plane = x + c * height * width;
      for (int64_t bin = 0; bin < bins * bins; ++bin) {
        float sum = 0;
        for (const Sample* s = samples.data() + bin * per_bin; s < samples.data() + (bin + 1) * per_bin;
             ++s) {
          sum += s->weight[0] * plane[s->at[0]] + s->weight[1] * plane[s->at[1]] +
                 s->weight[2] * plane[s->at[2]] + s->weight[3] * plane[s->at[3]];
        }
        *output++ = sum / float(std::max<int64_t>(per_bin, 1));
      }
    }
  }
}

// Greedy suppression over all pairs; the number of boxes kept, their indices in `kept`.
extern "C" int64_t NmsRotatedLoop(const float* boxes, const float* scores, int64_t count, float threshold,
                                  int64_t* kept) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
  std::vector<char> suppressed(static_cast<size_t>(count), 0);
  int64_t found = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (suppressed[size_t(i)]) continue;
    kept[found++] = order[size_t(i)];
    for (int64_t j = i + 1; j < count; ++j) {
      if (!suppressed[size_t(j)] &&
          Iou(boxes + 5 * order[size_t(i)], boxes + 5 * order[size_t(j)]) > threshold) {
        suppressed[size_t(j)] = 1;
      }
    }
  }
  return found;
}
