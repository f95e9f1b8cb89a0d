#include "roi_align/pool.h"

#include <algorithm>
#include <atomic>
#include <new>

namespace roiops {
namespace {

// Boxes are planned and pooled in groups: the unit of work that one thread takes at a time is a group of
// boxes on a block of channels. Blocks come first in the order of work, so that a block's planes stay in the
// cache while all boxes visit them.
constexpr int64_t kGroupBoxes = 64;
constexpr int64_t kMaxChunkGroups = 64;

template <class Stored, class BoxType>
class Pooler {
 public:
  using Weight = typename ComputeType<Stored>::Type;
  using Request = PoolRequest<Stored, BoxType>;

  Pooler(const Request& request, const PoolOptions& options, const ParallelFor& parallel_for)
      : request_(request),
        options_(options),
        parallel_for_(parallel_for),
        kernels_(KernelsFor<Stored>(ActiveKernels())),
        kernel_(options.pooling == Pooling::kAverage ? kernels_.average : kernels_.maximum),
        channels_(request.maps[0].channels) {
    size_t plan_bytes = 1;
    for (const FeatureMap& map : request.maps) {
      plan_bytes =
          std::max(plan_bytes,
                   AxisPlanBound<Weight>(map.height, options.output.height, options.rule, options.pooling) +
                       AxisPlanBound<Weight>(map.width, options.output.width, options.rule, options.pooling));
      widest_map_ = std::max(widest_map_, map.width);
    }
    const int64_t chunk = int64_t(kPlanBytes / plan_bytes);
    chunk_boxes_ = std::max<int64_t>(1, std::min(chunk, kMaxChunkGroups * kGroupBoxes));
  }

  void Run() {
    for (int64_t begin = 0; begin < request_.count; begin += chunk_boxes_) {
      const int64_t count = std::min(chunk_boxes_, request_.count - begin);
      const int64_t groups = (count + kGroupBoxes - 1) / kGroupBoxes;
      groups_.resize(size_t(groups));
      const int64_t blocks = (channels_ + kernels_.lanes - 1) / kernels_.lanes;
      Parallel(groups, [&](int64_t g) {
        const int64_t first = begin + g * kGroupBoxes;
        Plan(groups_[size_t(g)], first, std::min(first + kGroupBoxes, begin + count));
      });
      Parallel(groups * blocks, [&](int64_t i) { PoolGroup(groups_[size_t(i % groups)], i / groups); });
    }
  }

 private:
  struct Group {
    PlanStore<Weight> store;
    std::vector<typename PlanStore<Weight>::Handle> handles;  // rows and columns of each box
    std::vector<BoxTask<Weight, Stored>> tasks;
  };

  // Tasks run on threads that must not see an exception; the only one they can meet is a lack of memory.
  template <class Task>
  void Parallel(int64_t count, const Task& task) {
    std::atomic<bool> out_of_memory{false};
    const auto guarded = [&](int64_t i) {
      try {
        task(i);
      } catch (...) {
        out_of_memory = true;
      }
    };
    if (count == 1) {
      guarded(0);
    } else {
      parallel_for_(count, guarded);
    }
    if (out_of_memory) throw std::bad_alloc();
  }

  void Plan(Group& group, int64_t begin, int64_t end) {
    using A = Weight;  // sums and decisions are taken in the same arithmetic
    group.store.Clear();
    group.handles.clear();
    group.tasks.clear();
    const OutputSize size = options_.output;
    for (int64_t k = begin; k < end; ++k) {
      const FeatureMap& map = request_.maps[size_t(request_.levels ? request_.levels[k] : 0)];
      const BoxType* box = request_.boxes + 4 * k;
      const auto add = [&](int low, int high, int64_t bins, int64_t extent) {
        const AxisSampling<A> axis(ToFloat(box[low]), ToFloat(box[high]), map.spatial_scale, bins, extent,
                                   options_.rule);
        group.handles.push_back(group.store.Add(axis, bins, options_.pooling));
      };
      add(1, 3, size.height, map.height);
      add(0, 2, size.width, map.width);
      const int64_t plane = map.height * map.width;
      const Stored* data = static_cast<const Stored*>(map.data);
      BoxTask<Weight, Stored> task = {};
      task.image = data + request_.images[k] * channels_ * plane;
      task.map_end = data + map.images * channels_ * plane;
      task.plane = plane;
      task.width = map.width;
      task.output = request_.output + k * channels_ * size.height * size.width;
      group.tasks.push_back(task);
    }
    for (size_t i = 0; i < group.tasks.size(); ++i) {
      group.tasks[i].rows = group.store.Get(group.handles[2 * i]);
      group.tasks[i].columns = group.store.Get(group.handles[2 * i + 1]);
    }
  }

  void PoolGroup(const Group& group, int64_t block) const {
    constexpr std::align_val_t kAlignment{64};
    void* scratch = ::operator new(ScratchBytes(options_.output, widest_map_), kAlignment);
    const int64_t channel = block * kernels_.lanes;
    const int64_t count = std::min<int64_t>(kernels_.lanes, channels_ - channel);
    for (const BoxTask<Weight, Stored>& task : group.tasks) {
      kernel_(task, options_.output, channel, count, scratch);
    }
    ::operator delete(scratch, kAlignment);
  }

  const Request& request_;
  const PoolOptions& options_;
  const ParallelFor& parallel_for_;
  const BoxKernels<Weight, Stored>& kernels_;
  const BoxKernel<Weight, Stored> kernel_;
  const int64_t channels_;
  int64_t widest_map_ = 0;
  int64_t chunk_boxes_ = 0;
  std::vector<Group> groups_;
};

}  // namespace

template <class Stored, class BoxType>
void Pool(const PoolRequest<Stored, BoxType>& request, const PoolOptions& options,
          const ParallelFor& parallel_for) {
  if (request.count == 0 || request.maps[0].channels == 0) return;
  Pooler<Stored, BoxType>(request, options, parallel_for).Run();
}

template void Pool(const PoolRequest<float, float>&, const PoolOptions&, const ParallelFor&);
template void Pool(const PoolRequest<double, double>&, const PoolOptions&, const ParallelFor&);
template void Pool(const PoolRequest<Half, Half>&, const PoolOptions&, const ParallelFor&);
template void Pool(const PoolRequest<Half, float>&, const PoolOptions&, const ParallelFor&);
template void Pool(const PoolRequest<BFloat16, BFloat16>&, const PoolOptions&, const ParallelFor&);
template void Pool(const PoolRequest<BFloat16, float>&, const PoolOptions&, const ParallelFor&);

}  // namespace roiops
