// Boxes along the axes, planned for the driver of the CPU kernels; Pool() of pool.h.

#ifndef ROIOPS_POOLING_CPU_BOX_GEOMETRY_H_
#define ROIOPS_POOLING_CPU_BOX_GEOMETRY_H_

#include <algorithm>
#include <vector>

#include "base/isa.h"
#include "cpu/pooler.h"
#include "pooling/cpu/kernel.h"
#include "pooling/cpu/plan_store.h"
#include "pooling/cpu/pool.h"

namespace roiops {

inline const BlockKernels<float, float>& KernelsFor(const float*) {
  return ActiveKernels<PoolingKernels>().f32;
}
inline const BlockKernels<double, double>& KernelsFor(const double*) {
  return ActiveKernels<PoolingKernels>().f64;
}
inline const BlockKernels<float, Half>& KernelsFor(const Half*) {
  return ActiveKernels<PoolingKernels>().f16;
}
inline const BlockKernels<float, BFloat16>& KernelsFor(const BFloat16*) {
  return ActiveKernels<PoolingKernels>().bf16;
}

// Boxes along the axes: a plan for each axis.
template <class Rule, class S, class BoxType>
class BoxGeometry {
 public:
  using Stored = S;
  using Acc = typename ComputeType<Stored>::Type;
  using Task = BoxTask<Acc, Stored>;
  using Request = PoolRequest<Stored, BoxType>;

  struct Group {
    PlanStore<Acc> store;
    std::vector<typename PlanStore<Acc>::Handle> handles;  // rows and columns of each box
    std::vector<Task> tasks;
  };

  BoxGeometry(const Request& request, const PoolOptions<Rule>& options)
      : request_(request), options_(options), kernels_(KernelsFor(static_cast<const Stored*>(nullptr))) {
    size_t plan_bytes = 1;
    for (const FeatureMap& map : request.maps) {
      if (map.height == 0 || map.width == 0) continue;  // needs no memory, however wide it is
      plan_bytes = std::max(
          plan_bytes, AxisPlanBound<Acc>(map.height, options.output.height, options.rule, options.pooling) +
                          AxisPlanBound<Acc>(map.width, options.output.width, options.rule, options.pooling));
    }
    chunk_boxes_ = std::max<int64_t>(1, std::min(int64_t(kPlanBytes / plan_bytes), kChunkBoxes));
  }

  const BlockKernels<Acc, Stored>& kernels() const { return kernels_; }

  int64_t NextChunk() {
    chunk_ = next_;
    next_ = std::min(chunk_ + chunk_boxes_, request_.count);
    return next_ - chunk_;
  }

  void Plan(Group& group, int64_t begin, int64_t end) const {
    using A = Acc;  // sums and decisions are taken in the same arithmetic
    group.store.Clear();
    group.handles.clear();
    group.tasks.clear();
    const OutputSize size = options_.output;
    const int64_t channels = request_.maps[0].channels;
    for (int64_t k = chunk_ + begin; k < chunk_ + end; ++k) {
      const FeatureMap& map = request_.maps[size_t(request_.levels ? request_.levels[k] : 0)];
      const BoxType* box = request_.boxes + request_.box_stride * k;
      const auto add = [&](int low, int high, int64_t bins, int64_t extent) {
        const typename Rule::template Axis<A> axis(ToFloat(box[low]), ToFloat(box[high]), map.spatial_scale,
                                                   bins, extent, options_.rule);
        group.handles.push_back(group.store.Add(axis, bins, options_.pooling));
      };
      add(1, 3, size.height, map.height);
      add(0, 2, size.width, map.width);
      const Stored* data = static_cast<const Stored*>(map.data);
      const int64_t image_size = channels * map.height * map.width;
      Task task = {};
      task.image = data + request_.images[k] * image_size;
      task.map_end = data + map.images * image_size;
      task.height = map.height;
      task.width = map.width;
      task.output = request_.output + k * channels * size.height * size.width;
      group.tasks.push_back(task);
      if (k == chunk_ + begin) group.store.Reserve(size_t(end - begin));
    }
    for (size_t i = 0; i < group.tasks.size(); ++i) {
      group.tasks[i].rows = group.store.Get(group.handles[2 * i]);
      group.tasks[i].columns = group.store.Get(group.handles[2 * i + 1]);
    }
  }

  void Pool(const BlockKernel<Acc, Stored>& kernel, const TaskList<Task>& list, int64_t channel,
            int64_t count, const Scratch& scratch) const {
    const auto pool = options_.pooling == Pooling::kAverage ? kernel.average : kernel.maximum;
    pool(list, options_.output, channel, count, scratch);
  }

 private:
  static constexpr int64_t kChunkBoxes = 4096;

  const Request& request_;
  const PoolOptions<Rule>& options_;
  const BlockKernels<Acc, Stored>& kernels_;
  int64_t chunk_boxes_;
  int64_t chunk_ = 0;  // the first box of the chunk
  int64_t next_ = 0;
};

template <class Rule, class Stored, class BoxType>
void Pool(const PoolRequest<Stored, BoxType>& request, const PoolOptions<Rule>& options,
          const ParallelFor& parallel_for) {
  if (request.count == 0 || request.maps[0].channels == 0) return;
  using Geometry = BoxGeometry<Rule, Stored, BoxType>;
  Geometry geometry(request, options);
  Pooler<Geometry>(geometry, {request.maps, request.count, options.output}, parallel_for).Run();
}

// In a source file of an operator, for its rule.
#define ROIOPS_INSTANTIATE_POOL(Rule)                                                                       \
  template void Pool(const PoolRequest<float, float>&, const PoolOptions<Rule>&, const ParallelFor&);       \
  template void Pool(const PoolRequest<double, double>&, const PoolOptions<Rule>&, const ParallelFor&);     \
  template void Pool(const PoolRequest<Half, Half>&, const PoolOptions<Rule>&, const ParallelFor&);         \
  template void Pool(const PoolRequest<Half, float>&, const PoolOptions<Rule>&, const ParallelFor&);        \
  template void Pool(const PoolRequest<BFloat16, BFloat16>&, const PoolOptions<Rule>&, const ParallelFor&); \
  template void Pool(const PoolRequest<BFloat16, float>&, const PoolOptions<Rule>&, const ParallelFor&);

}  // namespace roiops

#endif  // ROIOPS_POOLING_CPU_BOX_GEOMETRY_H_
