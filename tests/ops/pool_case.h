// A pooling request made from bytes, and its check: Pool() against the direct loops, on memory that ends
// where the tensors end. Small maps and hostile boxes.

#ifndef ROIOPS_TESTS_POOL_CASE_H_
#define ROIOPS_TESTS_POOL_CASE_H_

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/half.h"
#include "base/isa.h"
#include "byte_source.h"
#include "direct_pool.h"
#include "guarded_buffer.h"
#include "pooling/cpu/pool.h"
#include "roi_align/rule.h"

namespace roiops_test {

inline void RunSerially(int64_t count, const std::function<void(int64_t)>& item) {
  for (int64_t i = 0; i < count; ++i) item(i);
}

inline void StoreAs(double value, float* to) { *to = float(value); }
inline void StoreAs(double value, double* to) { *to = value; }
inline void StoreAs(double value, roiops::Half* to) { *to = roiops::ToHalf(float(value)); }
inline void StoreAs(double value, roiops::BFloat16* to) {
  to->bits = uint16_t(roiops::BitsOf(float(value)) >> 16);
}

// The distance between neighbouring numbers of a type at 1, and its smallest positive number.
template <class T>
struct Precision {
  static constexpr double kEpsilon = 1.2e-7, kTiny = 1e-37;
};
template <>
struct Precision<double> {
  static constexpr double kEpsilon = 2.3e-16, kTiny = 0;
};
template <>
struct Precision<roiops::Half> {
  static constexpr double kEpsilon = 9.8e-4, kTiny = 6e-8;
};
template <>
struct Precision<roiops::BFloat16> {
  static constexpr double kEpsilon = 7.9e-3, kTiny = 1e-37;
};

template <class Stored, class BoxType>
class PoolCase {
 public:
  explicit PoolCase(ByteSource& source) {
    const bool large = source.Between(0, 255) == 255;
    const int64_t flags = source.Between(0, 255);
    side_ = flags & 1 ? Against::kStart : Against::kEnd;
    options_.rule.aligned = flags & 2;
    mode_ = std::vector<DirectMode>{DirectMode::kAverage, DirectMode::kMax,
                                    DirectMode::kMaxOfCorners}[size_t(flags >> 2) % 3];
    options_.pooling = mode_ == DirectMode::kAverage ? roiops::Pooling::kAverage
                       : mode_ == DirectMode::kMax   ? roiops::Pooling::kMax
                                                     : roiops::Pooling::kMaxOfCorners;
    const int64_t ratios[] = {-1, 0, 1, 2, 3, 7, 1000, INT64_MIN, INT64_MAX};
    options_.rule.sampling_ratio = source.Choose(ratios);
    options_.output = {source.Between(1, 9), source.Between(1, 9)};
    if (flags & 0x80) options_.output.width = source.Between(1, 80);
    request_.maps.resize(size_t(source.Between(1, 3)));
    const int64_t images = large ? 1 : source.Between(1, 3);
    const int64_t channels = large ? source.Between(1, 9) : source.Between(0, 70);
    for (roiops::FeatureMap& map : request_.maps) {
      map = {nullptr, images, channels, 0, 0, 1.0f};
      if (large) {
        SetLargeExtents(source, map);
      } else {
        SetExtents(source, map);
      }
      AddMap(source, map);
    }
    AddBoxes(source, images);
  }

  // Pools and compares; empty if all is well.
  template <class PoolFunction>
  std::string Check(const PoolFunction& pool) {
    const int64_t bins = options_.output.height * options_.output.width;
    const int64_t channels = request_.maps[0].channels;
    GuardedBuffer output(size_t(request_.count * channels * bins) * sizeof(Stored), side_);
    request_.output = output.As<Stored>();
    std::fill_n(output.As<unsigned char>(), size_t(request_.count * channels * bins) * sizeof(Stored),
                static_cast<unsigned char>(0xFF));
    pool(request_, options_);
    if (!output.SlackIntact()) return "wrote outside of the output";
    for (int64_t k = 0; k < request_.count; ++k) {
      const std::string problem = CheckBox(k);
      if (!problem.empty()) return problem;
    }
    return "";
  }

 private:
  using A = typename roiops::ComputeType<Stored>::Type;
  static constexpr double kDirectSamples = 8192;  // per box, the most that are summed one by one

  static void SetExtents(ByteSource& source, roiops::FeatureMap& map) {
    // Around the ends of vectors, and of 64 squares of as many pixels as a vector has lanes.
    const int64_t large[] = {63, 64, 65, 127, 128, 129, 255, 256, 257, 260, 511, 512, 513, 520, 1024, 1025};
    const auto extent = [&] {
      const int64_t byte = source.Between(0, 255);
      return byte < 224 ? byte % 24 : large[byte % 16];
    };
    map.width = extent();
    map.height = std::min(extent(), 40000 / std::max<int64_t>(1, map.images * map.channels * map.width));
  }

  // Maps, and boxes on them, that do not fit the tile; rows that do not; both are rare in practice.
  static void SetLargeExtents(ByteSource& source, roiops::FeatureMap& map) {
    const int64_t pixels = int64_t(2 * roiops::kTileBytes / 16);
    const int64_t heights[] = {2, 1000, pixels / 2};
    map.height = source.Choose(heights) / map.channels + 1;
    map.width = pixels / map.height + 1;
  }

  void AddMap(ByteSource& source, roiops::FeatureMap& map) {
    const float scales[] = {1.0f, 0.5f, 0.25f, 1 / 32.0f, 0.3f, 3.0f, 1e-30f, 1e30f};
    map.spatial_scale = source.Choose(scales);
    const bool first = &map == request_.maps.data();
    const uint32_t seed = source.Take<uint16_t>();
    if (!first && seed % 8 == 0) {
      // The same memory in another shape, as ONNX Runtime's Reshape makes it.
      const roiops::FeatureMap& other = request_.maps[0];
      map.data = other.data;
      map.height = other.width;
      map.width = other.height;
      return;
    }
    const size_t count = size_t(map.images * map.channels * map.height * map.width);
    buffers_.push_back(std::make_unique<GuardedBuffer>(count * sizeof(Stored), side_));
    Stored* data = buffers_.back()->template As<Stored>();
    uint32_t state = seed;
    for (size_t i = 0; i < count; ++i) {
      state = state * 1664525u + 1013904223u;
      StoreAs(double(int32_t(state)) / 2147483648.0, data + i);
    }
    map.data = data;
  }

  void AddBoxes(ByteSource& source, int64_t images) {
    request_.count = source.Between(0, 70) % 12;
    buffers_.push_back(std::make_unique<GuardedBuffer>(size_t(request_.count) * 4 * sizeof(BoxType), side_));
    BoxType* boxes = buffers_.back()->template As<BoxType>();
    request_.boxes = boxes;
    for (int64_t k = 0; k < request_.count; ++k) {
      images_.push_back(source.Between(0, images - 1));
      levels_.push_back(source.Between(0, int64_t(request_.maps.size()) - 1));
      const roiops::FeatureMap& map = request_.maps[size_t(levels_.back())];
      for (int side = 0; side < 4; ++side) {
        const int64_t extent = side % 2 ? map.height : map.width;
        StoreAs(Coordinate(source, double(extent) / double(map.spatial_scale)), boxes + 4 * k + side);
        if (!std::isfinite(roiops::ToFloat(boxes[4 * k + side]))) StoreAs(0, boxes + 4 * k + side);
      }
    }
    request_.images = images_.data();
    request_.levels = levels_.data();
  }

  static double Coordinate(ByteSource& source, double image_extent) {
    switch (source.Between(0, 7)) {
      case 0:
        return double(source.Between(-4, 40));
      case 1:
        return double(source.Take<int16_t>()) / 256;
      case 2:
        return double(source.Finite<float>());
      case 3:
        return source.Finite<double>();
      default:
        return image_extent * double(source.Take<int16_t>()) / 16384;
    }
  }

  std::string CheckBox(int64_t k) const {
    const roiops::FeatureMap& map = request_.maps[size_t(levels_[size_t(k)])];
    const BoxType* box = request_.boxes + 4 * k;
    const int64_t ratio = options_.rule.sampling_ratio;
    const roiops::OutputSize size = options_.output;
    const DirectAxis<A> y(roiops::ToFloat(box[1]), roiops::ToFloat(box[3]), map.spatial_scale, size.height,
                          map.height, options_.rule.aligned, ratio);
    const DirectAxis<A> x(roiops::ToFloat(box[0]), roiops::ToFloat(box[2]), map.spatial_scale, size.width,
                          map.width, options_.rule.aligned, ratio);
    const double error = y.PositionError() + x.PositionError();
    const double samples = double(y.grid) * double(x.grid);
    const double work = samples * double(size.height * size.width);
    const bool comparable = std::max(double(y.grid), double(x.grid)) < 4096 && work < kDirectSamples &&
                            error < 1e-5;  // also false if it is NaN
    const bool all_channels = work * double(map.channels) < kDirectSamples;
    std::vector<std::vector<DirectSample>> rows, columns;
    for (int64_t p = 0; comparable && p < size.height; ++p) rows.push_back(y.InsideSamples(p));
    for (int64_t q = 0; comparable && q < size.width; ++q) columns.push_back(x.InsideSamples(q));
    const int64_t plane = map.height * map.width;
    const Stored* image = static_cast<const Stored*>(map.data) + images_[size_t(k)] * map.channels * plane;
    const Stored* out = request_.output + k * map.channels * size.height * size.width;
    for (int64_t i = 0; i < map.channels * size.height * size.width; ++i) {
      const int64_t channel = i / (size.height * size.width);
      const bool direct = comparable && (all_channels || channel == k % map.channels);
      const size_t p = size_t(i / size.width % size.height), q = size_t(i % size.width);
      const double found = double(roiops::ToFloat(out[i]));
      double wanted = 0, tolerance = 1.01;  // features are in [-1, 1]: so is every mean and maximum
      if (direct) {
        wanted = DirectBin(rows[p], columns[q], samples, mode_, [&](int64_t row, int64_t column) {
          return double(roiops::ToFloat(image[channel * plane + row * map.width + column]));
        });
        tolerance = Tolerance(wanted, error);
      }
      if (!(std::fabs(found - wanted) <= tolerance)) return Describe(k, i, found, wanted, tolerance);
    }
    return "";
  }

  static double Tolerance(double wanted, double position_error) {
    return 40 * Precision<A>::kEpsilon + 4 * position_error +
           Precision<Stored>::kEpsilon * std::fabs(wanted) + Precision<Stored>::kTiny;
  }

  std::string Describe(int64_t k, int64_t i, double found, double wanted, double tolerance) const {
    const roiops::FeatureMap& map = request_.maps[size_t(levels_[size_t(k)])];
    std::ostringstream text;
    text.precision(17);
    text << roiops::IsaName(roiops::ActiveIsa()) << ", " << sizeof(Stored) << "-byte features, mode "
         << int(mode_) << ", aligned " << options_.rule.aligned << ", sampling_ratio "
         << options_.rule.sampling_ratio << ", output " << options_.output.height << "x"
         << options_.output.width << ", map " << map.images << "x" << map.channels << "x" << map.height << "x"
         << map.width << ", scale " << map.spatial_scale << ", box " << k << " (";
    for (int side = 0; side < 4; ++side) text << roiops::ToFloat(request_.boxes[4 * k + side]) << " ";
    text << "): element " << i << " is " << found << ", not " << wanted << " +- " << tolerance;
    return text.str();
  }

  Against side_;
  DirectMode mode_;
  roiops::RoiAlignOptions options_;
  roiops::PoolRequest<Stored, BoxType> request_ = {};
  std::vector<int64_t> images_, levels_;
  std::vector<std::unique_ptr<GuardedBuffer>> buffers_;
};

// Makes the case that the bytes stand for and checks pool(request, options) on it; empty if all is well.
template <class PoolFunction>
std::string CheckPoolCaseOf(ByteSource source, const PoolFunction& pool) {
  using roiops::BFloat16;
  using roiops::Half;
  switch (source.Between(0, 5)) {
    case 0:
      return PoolCase<float, float>(source).Check(pool);
    case 1:
      return PoolCase<double, double>(source).Check(pool);
    case 2:
      return PoolCase<Half, Half>(source).Check(pool);
    case 3:
      return PoolCase<Half, float>(source).Check(pool);
    case 4:
      return PoolCase<BFloat16, BFloat16>(source).Check(pool);
    default:
      return PoolCase<BFloat16, float>(source).Check(pool);
  }
}

// The same for the CPU kernels.
inline std::string CheckPoolCase(ByteSource source, const roiops::ParallelFor& parallel_for = RunSerially) {
  return CheckPoolCaseOf(source, [&](const auto& request, const auto& options) {
    roiops::Pool(request, options, parallel_for);
  });
}

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_POOL_CASE_H_
