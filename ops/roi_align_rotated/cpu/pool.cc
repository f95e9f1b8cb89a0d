#include "roi_align_rotated/cpu/pool.h"

#include <algorithm>

#include "base/isa.h"
#include "cpu/pooler.h"
#include "roi_align_rotated/cpu/kernel.h"

namespace roiops {
namespace {

const RotatedBlockKernels<float, float>& KernelsFor(const float*) {
  return ActiveKernels<RoiAlignRotatedKernels>().f32;
}
const RotatedBlockKernels<double, double>& KernelsFor(const double*) {
  return ActiveKernels<RoiAlignRotatedKernels>().f64;
}
const RotatedBlockKernels<float, Half>& KernelsFor(const Half*) {
  return ActiveKernels<RoiAlignRotatedKernels>().f16;
}
const RotatedBlockKernels<float, BFloat16>& KernelsFor(const BFloat16*) {
  return ActiveKernels<RoiAlignRotatedKernels>().bf16;
}

// Rotated boxes: a plan of taps for each box, or for some of its bins where that of all would take much
// memory.
template <class S, class BoxType>
class RotatedGeometry {
 public:
  using Stored = S;
  using Acc = typename ComputeType<Stored>::Type;
  using Task = RotatedTask<Acc, Stored>;
  using Request = RotatedRequest<Stored, BoxType>;

  struct Group {
    TapPlanStore<Acc> store;
    std::vector<typename TapPlanStore<Acc>::Handle> handles;
    std::vector<Task> tasks;
  };

  RotatedGeometry(const Request& request, const RotatedOptions& options)
      : request_(request),
        options_(options),
        kernels_(KernelsFor(static_cast<const Stored*>(nullptr))),
        bins_(options.output.height * options.output.width) {}

  const RotatedBlockKernels<Acc, Stored>& kernels() const { return kernels_; }

  int64_t NextChunk() {
    pieces_.clear();
    const double most = double(kPlanBytes) / double(sizeof(Tap<Acc>));
    double taps = 0;
    while (next_.box < request_.count && pieces_.size() < kChunkPieces) {
      Acc box[5];
      ReadBox(next_.box, box);
      const FeatureMap& map = MapOf(next_.box);
      const double of_bin = MostTapsOfBin(box, map, options_.output, options_.rule.sampling);
      const int64_t fitting = int64_t(std::min((most - taps) / of_bin, double(kTileOutputs)));
      if (fitting < std::min(bins_ - next_.first, kTileOutputs) && !pieces_.empty()) break;
      next_.count = std::min(std::max<int64_t>(fitting, 1), bins_ - next_.first);
      pieces_.push_back(next_);
      taps += double(next_.count) * of_bin;
      next_.first += next_.count;
      if (next_.first == bins_) next_ = {next_.box + 1, 0, 0};
    }
    return int64_t(pieces_.size());
  }

  void Plan(Group& group, int64_t begin, int64_t end) const {
    group.store.Clear();
    group.handles.clear();
    group.tasks.clear();
    const OutputSize size = options_.output;
    const int64_t channels = request_.maps[0].channels;
    const int64_t lanes = kernels_.narrow.channels;
    for (int64_t i = begin; i < end; ++i) {
      const Piece& piece = pieces_[size_t(i)];
      const FeatureMap& map = MapOf(piece.box);
      Acc box[5];
      ReadBox(piece.box, box);
      const RotatedSampling<Acc> sampling(box, map.spatial_scale, size.height, size.width, map.height,
                                          map.width, options_.rule);
      group.handles.push_back(group.store.Add(sampling, {piece.first, piece.count, size.width},
                                              PaddedTo(lanes, map.width), options_.maximum));
      const Stored* data = static_cast<const Stored*>(map.data);
      const int64_t image_size = channels * map.height * map.width;
      Task task = {};
      task.image = data + request_.images[piece.box] * image_size;
      task.map_end = data + map.images * image_size;
      task.height = map.height;
      task.width = map.width;
      task.output = request_.output + piece.box * channels * bins_ + piece.first;
      task.bins = piece.count;
      group.tasks.push_back(task);
    }
    for (size_t i = 0; i < group.tasks.size(); ++i) group.tasks[i].plan = group.store.Get(group.handles[i]);
  }

  void Pool(const RotatedBlockKernel<Acc, Stored>& kernel, const TaskList<Task>& list, int64_t channel,
            int64_t count, const Scratch& scratch) const {
    const auto pool = options_.maximum ? kernel.maximum : kernel.average;
    pool(list, bins_, channel, count, scratch);
  }

 private:
  static constexpr size_t kChunkPieces = 4096;

  // Bins [first, first + count) of a box.
  struct Piece {
    int64_t box;
    int64_t first;
    int64_t count;
  };

  const FeatureMap& MapOf(int64_t box) const {
    return request_.maps[size_t(request_.levels ? request_.levels[box] : 0)];
  }

  void ReadBox(int64_t k, Acc* box) const {
    for (int i = 0; i < 5; ++i) box[i] = Acc(ToFloat(request_.boxes[request_.columns * k + i]));
  }

  const Request& request_;
  const RotatedOptions& options_;
  const RotatedBlockKernels<Acc, Stored>& kernels_;
  const int64_t bins_;
  std::vector<Piece> pieces_;  // of the chunk
  Piece next_ = {0, 0, 0};
};

}  // namespace

template <class Stored, class BoxType>
void PoolRotated(const RotatedRequest<Stored, BoxType>& request, const RotatedOptions& options,
                 const ParallelFor& parallel_for) {
  if (request.count == 0 || request.maps[0].channels == 0) return;
  RotatedGeometry<Stored, BoxType> geometry(request, options);
  Pooler<RotatedGeometry<Stored, BoxType>>(geometry, {request.maps, request.count, options.output},
                                           parallel_for)
      .Run();
}

#define ROIOPS_POOL(Stored, BoxType) \
  template void PoolRotated(const RotatedRequest<Stored, BoxType>&, const RotatedOptions&, const ParallelFor&)
ROIOPS_POOL(float, float);
ROIOPS_POOL(double, double);
ROIOPS_POOL(Half, Half);
ROIOPS_POOL(Half, float);
ROIOPS_POOL(BFloat16, BFloat16);
ROIOPS_POOL(BFloat16, float);
#undef ROIOPS_POOL

}  // namespace roiops
