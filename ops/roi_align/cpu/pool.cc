#include "roi_align/cpu/pool.h"

#include <algorithm>
#include <memory>
#include <tuple>

#include "base/isa.h"
#include "cpu/scratch.h"
#include "roi_align/cpu/tiles.h"

namespace roiops {
namespace {

constexpr int64_t kGroupBoxes = 64;
constexpr int64_t kChunkBoxes = 4096;

// What wide blocks work on stays in the cache of a core: the tile in its second level, the results of a box
// beside other things in its first.
constexpr size_t kWideTileBytes = size_t(512) << 10;
constexpr size_t kWideResultBytes = size_t(8) << 10;

// A task shorter than this is not worth handing to another thread.
constexpr double kTaskNanoseconds = 20000;

const BlockKernels<float, float>& KernelsFor(const float*) { return ActiveKernels<RoiAlignKernels>().f32; }
const BlockKernels<double, double>& KernelsFor(const double*) { return ActiveKernels<RoiAlignKernels>().f64; }
const BlockKernels<float, Half>& KernelsFor(const Half*) { return ActiveKernels<RoiAlignKernels>().f16; }
const BlockKernels<float, BFloat16>& KernelsFor(const BFloat16*) {
  return ActiveKernels<RoiAlignKernels>().bf16;
}

template <class Stored, class BoxType>
class Pooler {
 public:
  using Weight = typename ComputeType<Stored>::Type;
  using Request = PoolRequest<Stored, BoxType>;
  using Task = BoxTask<Weight, Stored>;

  Pooler(const Request& request, const PoolOptions& options, const ParallelFor& parallel_for)
      : request_(request),
        options_(options),
        parallel_for_(parallel_for),
        kernels_(KernelsFor(static_cast<const Stored*>(nullptr))),
        lanes_(kernels_.narrow.channels),
        channels_(request.maps[0].channels) {
    size_t plan_bytes = 1;
    int64_t widest = 0;
    int64_t squares = 0;
    for (const FeatureMap& map : request.maps) {
      if (map.height == 0 || map.width == 0) continue;  // needs no memory, however wide it is
      plan_bytes =
          std::max(plan_bytes,
                   AxisPlanBound<Weight>(map.height, options.output.height, options.rule, options.pooling) +
                       AxisPlanBound<Weight>(map.width, options.output.width, options.rule, options.pooling));
      const int64_t padded_width = PaddedTo(lanes_, map.width);
      widest = std::max(widest, padded_width);
      tile_capacity_ = std::max(tile_capacity_, padded_width * map.height);
      squares += map.images * map.height * padded_width / lanes_;
    }
    const int64_t outputs = options.output.height * options.output.width;
    wide_blocks_ = WideBlocksPay(tile_capacity_, squares, outputs) ? channels_ / kernels_.wide.channels : 0;
    scratch_channels_ = size_t(wide_blocks_ ? kernels_.wide.channels : lanes_);
    const int64_t most = int64_t(kTileBytes / (scratch_channels_ * sizeof(Weight)));
    tile_capacity_ = std::max(widest, std::min(tile_capacity_, most));
    columns_ = std::max(widest, kStripColumns);
    outputs_ = std::max(options.output.width, std::min(kTileOutputs, outputs));
    const double result_bytes = double(request.count) * double(channels_) * double(options.output.height) *
                                double(options.output.width) * sizeof(Stored);
    staged_ = result_bytes > double(kCachedResultBytes);
    chunk_boxes_ = std::max<int64_t>(1, std::min(int64_t(kPlanBytes / plan_bytes), kChunkBoxes));
  }

  void Run() {
    for (int64_t begin = 0; begin < request_.count; begin += chunk_boxes_) {
      RunChunk(begin, std::min(begin + chunk_boxes_, request_.count));
    }
  }

 private:
  // Wide blocks share what a box costs whatever its channels. In return they pack more of the map at a time,
  // which only helps as long as that stays in a core's own cache, and where boxes and not the packing take
  // most of the time.
  bool WideBlocksPay(int64_t tile, int64_t squares, int64_t outputs) const {
    const double pixel_bytes = double(kernels_.wide.channels) * sizeof(Weight);
    return double(tile) * pixel_bytes <= double(kWideTileBytes) &&
           double(outputs) * pixel_bytes <= double(kWideResultBytes) && request_.count >= squares / 4;
  }

  struct Group {
    PlanStore<Weight> store;
    std::vector<typename PlanStore<Weight>::Handle> handles;  // rows and columns of each box
    std::vector<Task> tasks;
  };

  void RunChunk(int64_t begin, int64_t end) {
    const int64_t groups = (end - begin + kGroupBoxes - 1) / kGroupBoxes;
    groups_.resize(size_t(groups));
    RunTasks(parallel_for_, groups, [&](int64_t g) {
      const int64_t first = begin + g * kGroupBoxes;
      Plan(groups_[size_t(g)], first, std::min(first + kGroupBoxes, end));
    });
    SortByPlace();

    // Work is split by blocks of channels first, so that one thread packs what all boxes need of them. Boxes
    // are split as well where there are fewer blocks than keep all threads busy.
    const int64_t boxes = end - begin;
    const int64_t rest = channels_ - wide_blocks_ * kernels_.wide.channels;
    const int64_t blocks = wide_blocks_ + (rest + lanes_ - 1) / lanes_;
    const double nanoseconds = double(boxes) * double(PaddedTo(lanes_, channels_)) *
                               double(options_.output.height * options_.output.width);
    const int64_t worthwhile = std::max<int64_t>(1, int64_t(nanoseconds / kTaskNanoseconds));
    const int64_t wanted = std::min<int64_t>(worthwhile, 4 * ProcessorCount());
    const int64_t parts = std::min(boxes, (wanted + blocks - 1) / blocks);
    parts_.resize(size_t(parts));
    const TilePlacer<Weight, Stored> tiles(lanes_, tile_capacity_);
    RunTasks(parallel_for_, parts, [&](int64_t p) {
      tiles.Place(order_.data(), boxes * p / parts, boxes * (p + 1) / parts, parts_[size_t(p)]);
    });
    const int64_t tasks = std::min(blocks * parts, std::max(worthwhile, parts));
    RunTasks(parallel_for_, tasks, [&](int64_t t) {
      ScratchPool::Buffer buffer = scratch_.Take([&] {
        return std::make_unique<ScratchBuffer>(scratch_channels_, tile_capacity_, columns_, outputs_, staged_,
                                               sizeof(Weight));
      });
      const int64_t last = blocks * parts * (t + 1) / tasks;
      for (int64_t i = blocks * parts * t / tasks; i < last; ++i) {
        PoolPart(parts_[size_t(i % parts)], i / parts, buffer->get());
      }
      scratch_.Give(std::move(buffer));
    });
  }

  struct Place {
    const Stored* image;
    int32_t height;  // tells maps apart that share their memory
    int32_t row;
    Task* task;
  };

  void PoolPart(const Part& part, int64_t block, const Scratch& scratch) const {
    const bool wide = block < wide_blocks_;
    const BlockKernel<Weight, Stored>& kernel = wide ? kernels_.wide : kernels_.narrow;
    const int64_t first_narrow = wide_blocks_ * kernels_.wide.channels;
    const int64_t channel = wide ? block * kernel.channels : first_narrow + (block - wide_blocks_) * lanes_;
    const int64_t count = std::min<int64_t>(kernel.channels, channels_ - channel);
    const BoxList<Weight, Stored> list = {order_.data() + part.begin, part.end - part.begin,
                                          part.squares.data()};
    const auto pool = options_.pooling == Pooling::kAverage ? kernel.average : kernel.maximum;
    pool(list, options_.output, channel, count, scratch);
  }

  // Boxes that lie near each other follow one another, so that what one has packed is still in the cache for
  // the next.
  void SortByPlace() {
    places_.clear();
    for (Group& group : groups_) {
      for (Task& task : group.tasks) {
        const int32_t row = task.rows.pixel_count ? task.rows.pixels[0] : 0;
        places_.push_back({task.image, int32_t(task.height), row, &task});
      }
    }
    std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
      return std::tie(a.image, a.height, a.row) < std::tie(b.image, b.height, b.row);
    });
    order_.clear();
    for (const Place& place : places_) order_.push_back(place.task);
  }

  void Plan(Group& group, int64_t begin, int64_t end) const {
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
      const Stored* data = static_cast<const Stored*>(map.data);
      const int64_t image_size = channels_ * map.height * map.width;
      Task task = {};
      task.image = data + request_.images[k] * image_size;
      task.map_end = data + map.images * image_size;
      task.height = map.height;
      task.width = map.width;
      task.output = request_.output + k * channels_ * size.height * size.width;
      group.tasks.push_back(task);
      if (k == begin) group.store.Reserve(size_t(end - begin));
    }
    for (size_t i = 0; i < group.tasks.size(); ++i) {
      group.tasks[i].rows = group.store.Get(group.handles[2 * i]);
      group.tasks[i].columns = group.store.Get(group.handles[2 * i + 1]);
    }
  }

  const Request& request_;
  const PoolOptions& options_;
  const ParallelFor& parallel_for_;
  const BlockKernels<Weight, Stored>& kernels_;
  const int64_t lanes_;  // and pixels of a square
  const int64_t channels_;
  int64_t wide_blocks_ =
      0;  // the first channels are pooled in so many wide blocks, the others in narrow ones
  size_t scratch_channels_ = 0;
  int64_t tile_capacity_ = 0;
  int64_t columns_ = 0;
  int64_t outputs_ = 0;
  bool staged_ = false;
  int64_t chunk_boxes_ = 0;
  std::vector<Group> groups_;
  std::vector<Place> places_;
  std::vector<Task*> order_;
  std::vector<Part> parts_;
  ScratchPool scratch_;
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
