// A launch, its blocks and their memory.

#ifndef ROIOPS_TESTS_EMULATED_BLOCK_H_
#define ROIOPS_TESTS_EMULATED_BLOCK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "machine/cache.h"

#ifndef CHECK
#define CHECK 1  // 0: neither races nor reads of what is not set are looked for
#endif

#define LANES for (int l = 0; l < 32; ++l)

// Address spaces as parts of one.
constexpr uint64_t kSharedBase = 1ull << 56, kLocalBase = 2ull << 56, kParamBase = 3ull << 56;
constexpr uint64_t kSpaces = 0xFFull << 56;
constexpr int kFirstShared = 1024;  // as on compute capability 9.0; also catches null pointers
constexpr int kLocalBytes = 4096;   // of a thread

enum Access { kLoad, kStore, kAtomic };

struct Size3 {
  uint32_t x, y, z;
  int64_t Count() const { return int64_t(x) * y * z; }
  Size3 At(int64_t i) const { return {uint32_t(i % x), uint32_t(i / x % y), uint32_t(i / x / y)}; }
};

struct Allocation {
  uint64_t begin, end;
  bool writable;
  std::string name;
  std::vector<uint8_t> written;  // per byte: 0, 1, 2 for never, once, more often
};
inline std::vector<Allocation> g_allocations;

// Who touched a byte last, and when: in which interval between the block's barriers, and after how many
// barriers of the thread's warp.
struct SharedByte {
  static constexpr int16_t kNobody = -1, kAtomics = -2, kSeveral = -3;  // the latter of several warps
  static int16_t SeveralOf(int warp) { return int16_t(-4 - warp); }
  static int WarpOf(int16_t who) { return who >= 0 ? who / 32 : -4 - who; }  // negative: of none

  uint32_t write_interval = 0, read_interval = 0;
  int16_t writer = kNobody, reader = kNobody;  // threads, or one of these
  uint16_t write_epoch = 0, read_epoch = 0;
};

struct Multiprocessor {
  Cache l1;
};
inline Cache g_l2;

struct LaunchShape {
  Size3 grid, threads;
};

struct Block {
  int64_t index;
  Size3 at;
  std::vector<uint8_t> shared;
  std::vector<SharedByte> touched;
  uint32_t interval;
  Multiprocessor* processor;
};

#endif  // ROIOPS_TESTS_EMULATED_BLOCK_H_
