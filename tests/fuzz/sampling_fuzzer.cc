// The coordinate rules of one axis, for any box, scale, map and output size: what ops/axis/sampling.h
// promises about its runs, the samples themselves while they can be counted, and the size of a plan.

#include <cstdio>
#include <cstdlib>

#include "byte_source.h"
#include "direct_pool.h"
#include "pooling/cpu/plan_store.h"

namespace {

using roiops::AxisSampling;
using roiops::SampleRun;
using roiops_test::ByteSource;
using roiops_test::DirectAxis;
using roiops_test::DirectSample;

constexpr int64_t kCountable = 512;  // samples of a bin, pixels of a map

#define EXPECT(condition)                                                  \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "line %d: not so: %s\n", __LINE__, #condition); \
      std::abort();                                                        \
    }                                                                      \
  } while (false)

template <class A>
struct Axis {
  A low, high;
  float scale;
  int64_t bins, extent;
  roiops::SamplingRule rule;

  explicit Axis(ByteSource& source) {
    const int64_t shape = source.Between(0, 255);
    rule.aligned = shape & 1;
    extent = shape & 2 ? source.Between(0, 64) : source.Between(0, INT32_MAX);
    bins = shape & 4 ? source.Between(1, 20) : source.Between(1, INT32_MAX);
    rule.sampling_ratio = shape & 8 ? source.Between(-1, 20) : source.Take<int64_t>();
    scale = shape & 16 ? 0.25f : std::fabs(source.Finite<float>());
    low = Coordinate(source, shape & 32);
    high = shape & 128 ? low + Coordinate(source, true) : Coordinate(source, shape & 64);
    if (!std::isfinite(high)) high = 0;
  }

  static A Coordinate(ByteSource& source, bool small) {
    return small ? A(source.Take<int16_t>()) / 16 : source.Finite<A>();
  }
};

double Position(const SampleRun& run, double fraction) { return double(run.low) + fraction; }

// The runs of one bin: in order, on the map, at most two per pixel, as many samples as are inside.
template <class A>
void CheckRuns(const AxisSampling<A>& axis, int64_t bin, const std::vector<DirectSample>* direct,
               double error) {
  const roiops::SampleRange range = roiops::InsideSamples(axis, bin);
  EXPECT(0 <= range.begin && range.begin <= range.end && range.end <= axis.grid);
  if (axis.extent > kCountable && range.end - range.begin > kCountable) return;
  int64_t samples = 0, runs = 0, previous = 0;
  long double sum = 0;
  double least = INFINITY, greatest = -INFINITY;
  const int64_t inside = roiops::ForEachRun(axis, bin, [&](const SampleRun& run) {
    EXPECT(run.low >= previous && run.low < axis.extent && run.count > 0);
    EXPECT(0 <= run.first && run.first <= run.last && run.last <= 1);
    EXPECT(run.low + 1 < axis.extent || run.last == 0);
    previous = run.low;
    samples += run.count;
    ++runs;
    sum += static_cast<long double>(run.count) * Position(run, (run.first + run.last) / 2);
    least = std::min(least, Position(run, run.first));
    greatest = std::max(greatest, Position(run, run.last));
  });
  EXPECT(inside == range.end - range.begin && samples == inside);
  EXPECT(runs <= 2 * axis.extent + 2);
  if (!direct) return;
  EXPECT(int64_t(direct->size()) == inside);
  if (direct->empty() || !(error < 1e-3)) return;
  long double wanted_sum = 0;
  double wanted_least = INFINITY, wanted_greatest = -INFINITY;
  for (const DirectSample& sample : *direct) {
    wanted_sum += sample.position;
    wanted_least = std::min(wanted_least, sample.position);
    wanted_greatest = std::max(wanted_greatest, sample.position);
  }
  EXPECT(std::fabs(double(sum - wanted_sum)) <= double(inside) * error);
  EXPECT(std::fabs(least - wanted_least) <= error && std::fabs(greatest - wanted_greatest) <= error);
}

// A plan's taps are on the map and it is no larger than was said before.
template <class A>
void CheckPlan(const AxisSampling<A>& axis, const Axis<A>& a, roiops::Pooling pooling) {
  roiops::PlanStore<A> store;
  const auto handle = store.Add(axis, a.bins, pooling);
  const roiops::AxisPlan<A> plan = store.Get(handle);
  const uint32_t samples =
      pooling == roiops::Pooling::kAverage ? uint32_t(a.bins) : plan.sample_end[a.bins - 1];
  const uint32_t taps = samples ? plan.tap_end[samples - 1] : 0;
  double total = 0;
  for (uint32_t t = 0; t < taps; ++t) {
    EXPECT(plan.taps[t].index >= 0 && plan.taps[t].index < plan.pixel_count);
    EXPECT(plan.taps[t].weight >= 0 && plan.taps[t].weight <= A(1));
    total += double(plan.taps[t].weight);
  }
  for (int32_t i = 0; i < plan.pixel_count; ++i) {
    EXPECT(plan.pixels[i] >= 0 && plan.pixels[i] < a.extent);
    EXPECT(i == 0 || plan.pixels[i - 1] < plan.pixels[i]);
  }
  if (pooling == roiops::Pooling::kAverage) EXPECT(total <= double(a.bins) * 1.0001);
  const size_t bytes = taps * sizeof(roiops::Tap<A>) + size_t(plan.pixel_count) * sizeof(int32_t) +
                       (size_t(a.bins) + samples) * sizeof(uint32_t);
  EXPECT(bytes <= roiops::AxisPlanBound<A>(a.extent, a.bins, a.rule, pooling) + 1024);
}

template <class A>
void Check(ByteSource& source) {
  const Axis<A> a(source);
  const AxisSampling<A> axis(a.low, a.high, a.scale, a.bins, a.extent, a.rule);
  EXPECT(axis.grid >= 0 && axis.grid <= roiops::kMaxGrid);
  const DirectAxis<A> direct(a.low, a.high, a.scale, a.bins, a.extent, a.rule.aligned, a.rule.sampling_ratio);
  EXPECT(direct.grid == axis.grid);
  const int64_t bins[] = {0, a.bins - 1, a.bins / 2, source.Between(0, a.bins - 1)};
  for (const int64_t bin : bins) {
    if (axis.grid <= kCountable) {
      const std::vector<DirectSample> samples = direct.InsideSamples(bin);
      CheckRuns(axis, bin, &samples,
                direct.PositionError() + 1e-15 * double(bin) * std::fabs(direct.exact_bin));
    } else {
      CheckRuns<A>(axis, bin, nullptr, 0);
    }
  }
  if (a.bins > 32 || a.extent > kCountable) return;
  CheckPlan(axis, a, roiops::Pooling::kAverage);
  CheckPlan(axis, a, roiops::Pooling::kMax);
  CheckPlan(axis, a, roiops::Pooling::kMaxOfCorners);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteSource source(data, size);
  if (source.Between(0, 1)) {
    Check<double>(source);
  } else {
    Check<float>(source);
  }
  return 0;
}
