// Scratch memory: one buffer per concurrent work item.

#ifndef ROIOPS_CPU_SCRATCH_H_
#define ROIOPS_CPU_SCRATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

namespace roiops {

// Memory a kernel works in, aligned to kVectorAlignment, in pixels or outputs of a block of channels.
struct Scratch {
  void* tile;
  void* columns;  // kStripColumns, or the width of the widest map if that is more
  void* outputs;  // kTileOutputs, or one row of outputs if that is more
  void* staged;   // as many; null if results are to be written through the cache
};

constexpr size_t kVectorAlignment = 64;
constexpr int64_t kStripColumns = 512;
constexpr int64_t kTileOutputs = 1024;

// Memory of one running work item.
class ScratchBuffer {
 public:
  ScratchBuffer(size_t channels, int64_t tile_capacity, int64_t columns, int64_t outputs, bool staged,
                size_t element_size) {
    const size_t pixel = channels * element_size;
    const size_t tile_bytes = Rounded(size_t(tile_capacity) * pixel);
    const size_t column_bytes = Rounded(size_t(columns) * pixel);
    const size_t output_bytes = Rounded(size_t(outputs) * pixel);
    memory_.reset(
        static_cast<char*>(::operator new(tile_bytes + column_bytes + 2 * output_bytes, kAlignment)));
    scratch_.tile = memory_.get();
    scratch_.columns = memory_.get() + tile_bytes;
    scratch_.outputs = memory_.get() + tile_bytes + column_bytes;
    scratch_.staged = staged ? memory_.get() + tile_bytes + column_bytes + output_bytes : nullptr;
  }

  const Scratch& get() const { return scratch_; }

 private:
  static constexpr std::align_val_t kAlignment{kVectorAlignment};
  struct Free {
    void operator()(char* memory) const { ::operator delete(memory, kAlignment); }
  };
  static size_t Rounded(size_t bytes) {
    return (bytes + kVectorAlignment - 1) / kVectorAlignment * kVectorAlignment;
  }

  std::unique_ptr<char, Free> memory_;
  Scratch scratch_;
};

// Work items that run one after the other on a thread share a buffer, whose pages are then already mapped and
// cached.
class ScratchPool {
 public:
  using Buffer = std::unique_ptr<ScratchBuffer>;

  template <class Make>
  Buffer Take(const Make& make) {
    {
      const std::scoped_lock lock(mutex_);
      if (!free_.empty()) {
        Buffer buffer = std::move(free_.back());
        free_.pop_back();
        return buffer;
      }
    }
    return make();
  }

  void Give(Buffer buffer) {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(buffer));
  }

 private:
  std::mutex mutex_;
  std::vector<Buffer> free_;
};

}  // namespace roiops

#endif  // ROIOPS_CPU_SCRATCH_H_
