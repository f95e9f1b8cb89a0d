// What drives the CPU kernels that have channels as lanes: boxes are taken in chunks that bound the memory of
// their plans, planned in parallel, and pooled in parallel by blocks of channels and, where those are few, by
// boxes. Knows nothing of what a box is.

#ifndef ROIOPS_CPU_POOLER_H_
#define ROIOPS_CPU_POOLER_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <tuple>
#include <vector>

#include "base/half.h"
#include "base/parallel.h"
#include "cpu/limits.h"
#include "cpu/scratch.h"
#include "cpu/tiles.h"
#include "roi/feature_map.h"

namespace roiops {

// What is pooled, as far as every geometry knows it.
struct PooledMaps {
  const std::vector<FeatureMap>& maps;  // of the same images and channels
  int64_t boxes;
  OutputSize output;
};

// A Geometry says what a box is. It has these members:
//
//   Stored, Acc              the types of the maps and of the sums
//   Task                     a MapTile, as TilePlanner needs it: some bins of a box
//   Group                    the plans of some tasks, and these as `std::vector<Task> tasks`
//   const Kernels& kernels() a narrow and a wide kernel, each with its number of `channels`: a wide block is
//                            several vectors of channels and always full, a narrow one a single vector, which
//                            may have fewer channels than lanes
//   int64_t NextChunk()      takes the next boxes; the number of tasks that makes, 0 if none are left
//   void Plan(group, begin, end)
//                            plans tasks [begin, end) of the chunk
//   void Pool(kernel, list, channel, count, scratch)
//                            pools channels [channel, channel + count) of a TaskList
template <class Geometry>
class Pooler {
 public:
  using Stored = typename Geometry::Stored;
  using Acc = typename Geometry::Acc;
  using Task = typename Geometry::Task;

  Pooler(Geometry& geometry, const PooledMaps& pooled, const ParallelFor& parallel_for)
      : geometry_(geometry),
        parallel_for_(parallel_for),
        lanes_(geometry.kernels().narrow.channels),
        wide_(geometry.kernels().wide.channels),
        channels_(pooled.maps[0].channels),
        bins_(pooled.output.height * pooled.output.width) {
    int64_t widest = 0;
    int64_t squares = 0;
    for (const FeatureMap& map : pooled.maps) {
      if (map.height == 0 || map.width == 0) continue;  // needs no memory, however wide it is
      const int64_t padded_width = PaddedTo(lanes_, map.width);
      widest = std::max(widest, padded_width);
      tile_capacity_ = std::max(tile_capacity_, padded_width * map.height);
      squares += map.images * map.height * padded_width / lanes_;
    }
    wide_blocks_ = WideBlocksPay(pooled.boxes, squares) ? channels_ / wide_ : 0;
    scratch_channels_ = size_t(wide_blocks_ ? wide_ : lanes_);
    const int64_t most = int64_t(kTileBytes / (scratch_channels_ * sizeof(Acc)));
    tile_capacity_ = std::max(widest, std::min(tile_capacity_, most));
    columns_ = std::max(widest, kStripColumns);
    outputs_ = std::max(pooled.output.width, std::min(kTileOutputs, bins_));
    const double result_bytes = double(pooled.boxes) * double(channels_) * double(pooled.output.height) *
                                double(pooled.output.width) * sizeof(Stored);
    staged_ = result_bytes > double(kCachedResultBytes);
  }

  // The pixels a tile has room for.
  int64_t tile_capacity() const { return tile_capacity_; }

  void Run() {
    while (const int64_t tasks = geometry_.NextChunk()) RunChunk(tasks);
  }

 private:
  static constexpr int64_t kGroupTasks = 64;

  // What wide blocks work on stays in the cache of a core: the tile in its second level, the results of a box
  // beside other things in its first.
  static constexpr size_t kWideTileBytes = size_t(512) << 10;
  static constexpr size_t kWideResultBytes = size_t(8) << 10;

  // A work item shorter than this is not worth handing to another thread.
  static constexpr double kWorkItemNanoseconds = 20000;

  // Wide blocks share what a box costs whatever its channels. In return they pack more of the map at a time,
  // which only helps as long as that stays in a core's own cache, and where boxes and not the packing take
  // most of the time.
  bool WideBlocksPay(int64_t boxes, int64_t squares) const {
    const double pixel_bytes = double(wide_) * sizeof(Acc);
    return double(tile_capacity_) * pixel_bytes <= double(kWideTileBytes) &&
           double(bins_) * pixel_bytes <= double(kWideResultBytes) && boxes >= squares / 4;
  }

  void RunChunk(int64_t tasks) {
    const int64_t groups = (tasks + kGroupTasks - 1) / kGroupTasks;
    groups_.resize(size_t(groups));
    RunWorkItems(parallel_for_, groups, [&](int64_t g) {
      geometry_.Plan(groups_[size_t(g)], g * kGroupTasks, std::min((g + 1) * kGroupTasks, tasks));
    });
    SortByPosition();

    // Work is split by blocks of channels first, so that one thread packs what all boxes need of them. Boxes
    // are split as well where there are fewer blocks than keep all threads busy.
    const int64_t rest = channels_ - wide_blocks_ * wide_;
    const int64_t blocks = wide_blocks_ + (rest + lanes_ - 1) / lanes_;
    const double nanoseconds = double(tasks) * double(PaddedTo(lanes_, channels_)) * double(bins_);
    const int64_t worthwhile = std::max<int64_t>(1, int64_t(nanoseconds / kWorkItemNanoseconds));
    const int64_t wanted = std::min<int64_t>(worthwhile, 4 * ProcessorCount());
    const int64_t parts = std::min(tasks, (wanted + blocks - 1) / blocks);
    parts_.resize(size_t(parts));
    const TilePlanner<Task> tiles(lanes_, tile_capacity_);
    RunWorkItems(parallel_for_, parts, [&](int64_t p) {
      tiles.Plan(order_.data(), tasks * p / parts, tasks * (p + 1) / parts, parts_[size_t(p)]);
    });
    const int64_t items = std::min(blocks * parts, std::max(worthwhile, parts));
    RunWorkItems(parallel_for_, items, [&](int64_t t) {
      ScratchPool::Buffer buffer = scratch_.Take([&] {
        return std::make_unique<ScratchBuffer>(scratch_channels_, tile_capacity_, columns_, outputs_, staged_,
                                               sizeof(Acc));
      });
      const int64_t last = blocks * parts * (t + 1) / items;
      for (int64_t i = blocks * parts * t / items; i < last; ++i) {
        PoolPart(parts_[size_t(i % parts)], i / parts, buffer->get());
      }
      scratch_.Give(std::move(buffer));
    });
  }

  struct SortKey {
    const Stored* image;
    int32_t height;  // tells maps apart that share their memory
    int32_t row;
    Task* task;
  };

  void PoolPart(const Part& part, int64_t block, const Scratch& scratch) const {
    const bool wide = block < wide_blocks_;
    const auto& kernel = wide ? geometry_.kernels().wide : geometry_.kernels().narrow;
    const int64_t channel = wide ? block * wide_ : wide_blocks_ * wide_ + (block - wide_blocks_) * lanes_;
    const int64_t count = std::min<int64_t>(kernel.channels, channels_ - channel);
    const TaskList<Task> list = {order_.data() + part.begin, part.end - part.begin, part.squares.data()};
    geometry_.Pool(kernel, list, channel, count, scratch);
  }

  // Boxes that lie near each other follow one another, so that what one has packed is still in the cache for
  // the next.
  void SortByPosition() {
    keys_.clear();
    for (Group& group : groups_) {
      for (Task& task : group.tasks) {
        const int32_t row = task.IsEmpty() ? 0 : int32_t(task.FirstRow());
        keys_.push_back({task.image, int32_t(task.height), row, &task});
      }
    }
    std::sort(keys_.begin(), keys_.end(), [](const SortKey& a, const SortKey& b) {
      return std::tie(a.image, a.height, a.row) < std::tie(b.image, b.height, b.row);
    });
    order_.clear();
    for (const SortKey& key : keys_) order_.push_back(key.task);
  }

  using Group = typename Geometry::Group;

  Geometry& geometry_;
  const ParallelFor& parallel_for_;
  const int64_t lanes_;  // and pixels of a square
  const int64_t wide_;   // channels of a wide block
  const int64_t channels_;
  const int64_t bins_;
  int64_t wide_blocks_ =
      0;  // the first channels are pooled in so many wide blocks, the others in narrow ones
  size_t scratch_channels_ = 0;
  int64_t tile_capacity_ = 0;
  int64_t columns_ = 0;
  int64_t outputs_ = 0;
  bool staged_ = false;
  std::vector<Group> groups_;
  std::vector<SortKey> keys_;
  std::vector<Task*> order_;
  std::vector<Part> parts_;
  ScratchPool scratch_;
};

}  // namespace roiops

#endif  // ROIOPS_CPU_POOLER_H_
