// Pooling of boxes that may lie on different feature maps, on the CPU. Knows nothing of ONNX Runtime.

#ifndef ROIOPS_POOLING_CPU_POOL_H_
#define ROIOPS_POOLING_CPU_POOL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/parallel.h"
#include "cpu/limits.h"
#include "pooling/options.h"
#include "roi/feature_map.h"

namespace roiops {

// A pooling request: box k is boxes[box_stride * k ...] on image images[k] of maps[levels[k]], or of maps[0]
// where `levels` is null. Indices are in range and box coordinates finite (see box_checks.h); all maps have
// the same images and channels.
template <class Stored, class BoxType>
struct PoolRequest {
  std::vector<FeatureMap> maps;
  const BoxType* boxes;
  int64_t count;
  const int64_t* images;
  const int64_t* levels;
  Stored* output;  // (count, channels, output height, output width)
  int64_t box_stride = 4;
};

// Throws std::bad_alloc if memory for scratch cannot be had. Scratch is, for the plans of a chunk of boxes,
// at most kPlanBytes or what one box needs; and for each running work item, at most kTileBytes or one row of
// the widest map, another row of that map or 512 pixels, and twice 1024 outputs or one row of them, all of as
// many channels as are pooled at once.
template <class Rule, class Stored, class BoxType>
void Pool(const PoolRequest<Stored, BoxType>& request, const PoolOptions<Rule>& options,
          const ParallelFor& parallel_for);

}  // namespace roiops

#endif  // ROIOPS_POOLING_CPU_POOL_H_
