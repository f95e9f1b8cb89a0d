#include "roi_align_rotated/cpu/tap_plan.h"

#include <algorithm>
#include <limits>

namespace roiops {
namespace {

// A bin's samples are merged in a window over all pixels they can touch, if that has no more pixels than this
// for each sample: looking through it costs less than the taps it saves, which all channels pay for.
constexpr double kWindowPixelsPerSample = 16;

// Pixel `low`, and by how much a position lies beyond it: clamped to the outermost pixels' centres.
struct Mix {
  int64_t low;
  double fraction;
};

Mix Mixed(double position, int64_t extent) {
  if (!(position > 0)) return {0, 0};
  if (position >= double(extent - 1)) return {extent - 1, 0};
  const int64_t low = int64_t(position);
  return {low, position - double(low)};
}

// The rectangle of pixels that the samples between four corners can touch, inclusive.
struct Bounds {
  int64_t top, bottom, left, right;
};

template <class A>
Bounds BoundsOf(const RotatedSampling<A>& box, int64_t first_p, int64_t last_p, int64_t first_q,
                int64_t last_q) {
  const double vs[] = {box.rows.ExactPosition(first_p, 0), box.rows.ExactPosition(last_p, box.rows.grid - 1)};
  const double us[] = {box.columns.ExactPosition(first_q, 0),
                       box.columns.ExactPosition(last_q, box.columns.grid - 1)};
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double top = kInfinity, bottom = -kInfinity, left = kInfinity, right = -kInfinity;
  for (const double v : vs) {
    for (const double u : us) {
      const Point corner = box.ExactPosition(v, u);
      top = std::min(top, corner.y);
      bottom = std::max(bottom, corner.y);
      left = std::min(left, corner.x);
      right = std::max(right, corner.x);
    }
  }
  // Positions between the corners may be a rounding error beyond them.
  const auto error = [](double a, double b) { return 1e-12 * (std::fabs(a) + std::fabs(b)); };
  const double y_error = error(top, bottom), x_error = error(left, right);
  const auto after = [](Mix mix, int64_t extent) { return std::min(mix.low + 1, extent - 1); };
  return {Mixed(top - y_error, box.height).low, after(Mixed(bottom + y_error, box.height), box.height),
          Mixed(left - x_error, box.width).low, after(Mixed(right + x_error, box.width), box.width)};
}

}  // namespace

template <class Acc>
struct TapPlanStore<Acc>::Window {
  Bounds bounds;
  int64_t Width() const { return bounds.right - bounds.left + 1; }
  int64_t Height() const { return bounds.bottom - bounds.top + 1; }
};

template <class Acc>
void TapPlanStore<Acc>::Clear() {
  sample_ends_.clear();
  tap_ends_.clear();
  taps_.clear();
  spans_.clear();
}

template <class Acc>
template <class A>
typename TapPlanStore<Acc>::Handle TapPlanStore<Acc>::Add(const RotatedSampling<A>& box, const BinRange& bins,
                                                          int64_t stride, bool maximum) {
  added_ = {sample_ends_.size(), tap_ends_.size(), taps_.size(), spans_.size(), 0, 0};
  stride_ = stride;
  height_ = box.height;
  width_ = box.width;
  const int64_t first_row = bins.first / bins.width, last_row = (bins.first + bins.count - 1) / bins.width;
  if (box.rows.grid > 0 && box.columns.grid > 0 && box.height > 0 && box.width > 0) {
    const Bounds bounds = BoundsOf(box, first_row, last_row, 0, bins.width - 1);
    added_.first_row = int32_t(bounds.top);
    added_.row_count = int32_t(bounds.bottom - bounds.top + 1);
  }
  spans_.resize(spans_.size() + size_t(added_.row_count), RowSpan{INT32_MAX, -1});
  for (int64_t bin = bins.first; bin < bins.first + bins.count; ++bin) {
    const int64_t p = bin / bins.width, q = bin % bins.width;
    if (maximum) {
      AddMaximum(box, p, q);
      sample_ends_.push_back(uint32_t(tap_ends_.size() - added_.tap_ends));
    } else {
      AddAverage(box, p, q);
      tap_ends_.push_back(uint32_t(taps_.size() - added_.taps));
    }
  }
  return added_;
}

template <class Acc>
template <class A>
void TapPlanStore<Acc>::AddAverage(const RotatedSampling<A>& box, int64_t p, int64_t q) {
  if (added_.row_count == 0) return;
  const double scale = 1 / (double(box.rows.grid) * double(box.columns.grid));
  const SampleRange rows = ReachingRows(box, p);
  const double samples = double(rows.end - rows.begin) * double(box.columns.grid);
  const Window window = {BoundsOf(box, p, p, q, q)};
  const double pixels = double(window.Width()) * double(window.Height());
  if (pixels > kWindowPixelsPerSample * samples) {
    ForEachRotatedSample(box, p, q, [&](Point position) { AddSample(position, scale); });
    return;
  }
  const int64_t width = window.Width() + 1;  // neighbours without weight may lie beyond the map
  weights_.assign(size_t(width * (window.Height() + 1)), 0);
  ForEachRotatedSample(box, p, q, [&](Point position) {
    const Mix y = Mixed(position.y, height_), x = Mixed(position.x, width_);
    double* low = weights_.data() + (y.low - window.bounds.top) * width + (x.low - window.bounds.left);
    double* high = low + width;
    const double high_right = y.fraction * x.fraction;
    low[0] += 1 - y.fraction - x.fraction + high_right;
    low[1] += x.fraction - high_right;
    high[0] += y.fraction - high_right;
    high[1] += high_right;
  });
  AddWindow(window, scale);
}

template <class Acc>
template <class A>
void TapPlanStore<Acc>::AddMaximum(const RotatedSampling<A>& box, int64_t p, int64_t q) {
  const double all = double(box.rows.grid) * double(box.columns.grid);
  double inside = 0;
  if (added_.row_count > 0) {
    ForEachRotatedSample(box, p, q, [&](Point position) {
      AddSample(position, 1);
      tap_ends_.push_back(uint32_t(taps_.size() - added_.taps));
      ++inside;
    });
  }
  // A sample outside the map counts as zero, and so does a bin without samples.
  if (inside < all || all == 0) tap_ends_.push_back(uint32_t(taps_.size() - added_.taps));
}

template <class Acc>
void TapPlanStore<Acc>::AddWindow(const Window& window, double scale) {
  const double* weight = weights_.data();
  for (int64_t row = window.bounds.top; row <= window.bounds.bottom; ++row, ++weight) {
    for (int64_t column = window.bounds.left; column <= window.bounds.right; ++column, ++weight) {
      if (*weight != 0) AddTap(row, column, *weight * scale);
    }
  }
}

template <class Acc>
void TapPlanStore<Acc>::AddSample(Point position, double scale) {
  const Mix y = Mixed(position.y, height_), x = Mixed(position.x, width_);
  const double top = (1 - y.fraction) * scale, bottom = y.fraction * scale;
  AddTap(y.low, x.low, top * (1 - x.fraction));
  if (x.fraction != 0) AddTap(y.low, x.low + 1, top * x.fraction);
  if (y.fraction == 0) return;
  AddTap(y.low + 1, x.low, bottom * (1 - x.fraction));
  if (x.fraction != 0) AddTap(y.low + 1, x.low + 1, bottom * x.fraction);
}

template <class Acc>
void TapPlanStore<Acc>::AddTap(int64_t row, int64_t column, double weight) {
  RowSpan& span = spans_[added_.spans + size_t(row - added_.first_row)];
  span.first = std::min(span.first, int32_t(column));
  span.last = std::max(span.last, int32_t(column));
  taps_.push_back({int32_t(row * stride_ + column), Acc(weight)});
}

template <class Acc>
double MostTapsOfBin(const Acc* box, const FeatureMap& map, OutputSize output, const SamplingRule& rule) {
  // The samples of a large adaptive bin are more than half a pixel apart.
  const double most = 2 * (double(map.height) + double(map.width)) + 8;
  const auto samples = [&](Acc length, int64_t bins) {
    return std::min(double(AxisSampling<Acc>::Centred(length, map.spatial_scale, bins, rule).grid),
                    std::max(most, double(kMostRotatedSamples)));
  };
  return 4 * samples(box[3], output.height) * samples(box[2], output.width);
}

template class TapPlanStore<float>;
template class TapPlanStore<double>;
template TapPlanStore<float>::Handle TapPlanStore<float>::Add(const RotatedSampling<float>&, const BinRange&,
                                                              int64_t, bool);
template TapPlanStore<double>::Handle TapPlanStore<double>::Add(const RotatedSampling<double>&,
                                                                const BinRange&, int64_t, bool);
template double MostTapsOfBin(const float*, const FeatureMap&, OutputSize, const SamplingRule&);
template double MostTapsOfBin(const double*, const FeatureMap&, OutputSize, const SamplingRule&);

}  // namespace roiops
