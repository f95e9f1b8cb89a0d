// Caches of a multiprocessor and of the device.

#ifndef ROIOPS_TESTS_EMULATED_CACHE_H_
#define ROIOPS_TESTS_EMULATED_CACHE_H_

#include <algorithm>
#include <cstdint>
#include <vector>

// Lines of 128 bytes in sectors of 32, least recently used of kWays.
class Cache {
 public:
  static constexpr int kWays = 16;
  void Reset(int64_t bytes) {
    sets_ = std::max<int64_t>(1, bytes / 128 / kWays);
    lines_.assign(sets_ * kWays, Line());
    clock_ = 0;
  }
  // Which of the sectors were there; all are afterwards. Dirty sectors that had to go are added to `evicted`.
  uint32_t Access(uint64_t line, uint32_t sectors, bool write, int64_t* evicted) {
    Line* set = &lines_[Hash(line) % sets_ * kWays];
    Line* oldest = set;
    for (int i = 0; i < kWays; ++i) {
      if (set[i].tag == line) {
        const uint32_t there = set[i].valid & sectors;
        set[i].valid |= sectors;
        if (write) set[i].dirty |= sectors;
        set[i].used = ++clock_;
        return there;
      }
      if (set[i].used < oldest->used) oldest = &set[i];
    }
    if (evicted) *evicted += __builtin_popcount(oldest->dirty);
    *oldest = {line, ++clock_, uint8_t(sectors), uint8_t(write ? sectors : 0)};
    return 0;
  }

 private:
  struct Line {
    uint64_t tag = ~0ull;
    uint64_t used = 0;
    uint8_t valid = 0, dirty = 0;
  };
  static uint64_t Hash(uint64_t line) { return (line * 0x9E3779B97F4A7C15ull) >> 24; }
  std::vector<Line> lines_;
  int64_t sets_ = 1;
  uint64_t clock_ = 0;
};

#endif  // ROIOPS_TESTS_EMULATED_CACHE_H_
