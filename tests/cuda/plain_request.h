// A request for the device from plain arguments, as tests pass them through ctypes.

#ifndef ROIOPS_TESTS_PLAIN_REQUEST_H_
#define ROIOPS_TESTS_PLAIN_REQUEST_H_

#include <type_traits>
#include <vector>

#include "pooling/cuda/request.h"
#include "roi_align/rule.h"
#include "roi_pool/rule.h"

namespace roiops_test {

struct PlainRequest {
  int32_t dtype;  // 0 float32, 1 float64, 2 float16, 3 bfloat16
  int32_t map_count;
  const void* const* maps;
  const int64_t* extents;  // height and width of each map
  const float* scales;
  const void* boxes;
  const void* batch;
  const int64_t* levels;
  void* output;
  int64_t count;
  int64_t images;
  int64_t channels;
  int64_t height;
  int64_t width;
  int64_t sampling_ratio;
  int32_t float_boxes;
  int32_t wide_batch;
  int32_t batch_is_counts;
  int32_t aligned;
  int32_t pooling;  // a Pooling, of RoiAlign; 3 for RoiPool
};

// Calls call(rule) with the rule that the pooling names.
template <class Call>
auto WithRule(const PlainRequest& plain, const Call& call) {
  constexpr int kRoiPool = 3;
  if (plain.pooling == kRoiPool) return call(roiops::RoiPoolRule());
  return call(roiops::SamplingRule{bool(plain.aligned), plain.sampling_ratio});
}

template <class Rule>
roiops::CudaRequest<Rule> RequestOf(const PlainRequest& plain, const Rule& rule) {
  constexpr bool kAlign = std::is_same_v<Rule, roiops::SamplingRule>;
  constexpr size_t kElementSizes[] = {4, 8, 2, 2};
  std::vector<roiops::FeatureMap> maps;
  for (int i = 0; i < plain.map_count; ++i) {
    maps.push_back({plain.maps[i], plain.images, plain.channels, plain.extents[2 * i],
                    plain.extents[2 * i + 1], plain.scales[i]});
  }
  roiops::CudaRequest<Rule> request = {};
  roiops::SetMaps(request, maps.data(), maps.size(), kElementSizes[plain.dtype]);
  request.float_boxes = plain.float_boxes;
  request.wide_batch = plain.wide_batch;
  request.batch_is_counts = plain.batch_is_counts;
  request.boxes = plain.boxes;
  request.batch = plain.batch;
  request.levels = plain.levels;
  request.output = plain.output;
  request.count = plain.count;
  request.size = {plain.height, plain.width};
  request.rule = rule;
  request.pooling = kAlign ? roiops::Pooling(plain.pooling) : roiops::Pooling::kMax;
  if (plain.count > 0 && plain.channels > 0) roiops::ChooseTiles(request);  // as CudaProvider
  return request;
}

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_PLAIN_REQUEST_H_
