// The machine that translated PTX runs on: address spaces and their checks, the shared memory's race
// detector, caches, counters, and a scheduler that gives blocks to multiprocessors and runs them warp by
// warp.
//
// Included once, by the C++ that ptx_to_cpp.py writes. One thread runs everything, so results are repeatable.

#ifndef PTX_EMULATOR_MACHINE_H_
#define PTX_EMULATOR_MACHINE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#ifndef CHECK
#define CHECK 1  // 0: no races, no uninitialised reads
#endif

#define LANES for (int l = 0; l < 32; ++l)

constexpr uint64_t kSharedBase = 1ull << 56, kLocalBase = 2ull << 56, kParamBase = 3ull << 56;
constexpr uint64_t kSpaces = 0xFFull << 56;
constexpr int kFirstShared = 1024;  // as on compute capability 9.0; also catches null pointers
constexpr int kLocalBytes = 4096;   // of a thread
constexpr int kExit = -1;
enum Status { kBarrier, kDone, kYield };

// ---- numbers
// -----------------------------------------------------------------------------------------------

template <class To, class From>
inline To Bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "");
  To to;
  memcpy(&to, &from, sizeof(to));
  return to;
}
template <class T>
inline T Load(const uint8_t* from) {
  T value;
  memcpy(&value, from, sizeof(value));
  return value;
}
template <class T>
inline void Store(uint8_t* to, T value) {
  memcpy(to, &value, sizeof(value));
}
template <class T>
inline T Quotient(T a, T b) {  // what the device makes of a division by zero, and of the one that overflows
  if (b == 0) return T(-1);
  if (std::is_signed<T>::value && b == T(-1)) return T(0) - a;
  return a / b;
}
template <class T>
inline T Remainder(T a, T b) {
  if (b == 0) return a;
  if (std::is_signed<T>::value && b == T(-1)) return 0;
  return a % b;
}
template <class T>
inline T LeftShift(T a, uint32_t by) {
  return by >= sizeof(T) * 8 ? T(0) : T(a << by);
}
template <class T>
inline T RightShift(T a, uint32_t by) {
  const uint32_t most = sizeof(T) * 8 - 1;
  if (std::is_signed<T>::value) return T(a >> (by > most ? most : by));
  return by > most ? T(0) : T(a >> by);
}
template <class T>
inline T FloatMin(T a, T b) {
  if (a != a) return b;
  if (b != b) return a;
  if (a == b) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
template <class T>
inline T FloatMax(T a, T b) {
  if (a != a) return b;
  if (b != b) return a;
  if (a == b) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
// Saturates; NaN gives what PTX says it gives. `value` is integral.
template <class To, class From>
inline To ToInteger(From value) {
  constexpr bool wide = sizeof(To) == 8 || sizeof(From) == 8;
  if (value != value) return wide ? To(To(1) << (sizeof(To) * 8 - 1)) : To(0);
  constexpr To low = std::numeric_limits<To>::min(), high = std::numeric_limits<To>::max();
  if (value <= From(low)) return low;
  if (value >= From(high)) return high;
  return To(value);
}
inline float FromHalf(uint16_t h) {
  const uint32_t sign = uint32_t(h & 0x8000) << 16, exponent = (h >> 10) & 31, fraction = h & 1023;
  if (exponent == 31) return Bits<float>(sign | 0x7F800000 | fraction << 13);
  if (exponent) return Bits<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float value = float(fraction) * 0x1p-24f;
  return sign ? -value : value;
}
inline uint16_t ToHalfBits(float value) {  // nearest, ties to even
  const uint32_t bits = Bits<uint32_t>(value), magnitude = bits & 0x7FFFFFFF;
  const uint16_t sign = uint16_t(bits >> 16 & 0x8000);
  if (magnitude > 0x7F800000) return 0x7FFF;
  if (magnitude >= 0x477FF000) return sign | 0x7C00;
  if (magnitude < 0x38800000) {  // a multiple of 2^-24
    return sign | uint16_t(std::nearbyint(Bits<float>(magnitude) * 0x1p24f));
  }
  const uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
  return sign | uint16_t((rounded - 0x38000000) >> 13);
}

// ---- findings and counters
// -----------------------------------------------------------------------------------

struct Findings {
  std::map<std::string, std::pair<int64_t, std::string>> seen;  // kind and place: how often, and the first
  int64_t total = 0;
  void Add(const char* kind, int line, const std::string& what) {
    ++total;
    auto& entry = seen[std::string(kind) + "@" + std::to_string(line)];
    if (entry.first++ == 0) entry.second = what;
  }
};
inline Findings g_findings;

struct Site {  // of a memory instruction
  int64_t requests, lanes, sectors, lines, passes, l1_hits, l2_hits, dram;
  int64_t missed_l1, missed_l2;  // requests that wait for L2 or for memory
};
extern Site g_sites[];
extern const int g_site_lines[];  // PTX lines
extern int64_t g_block_runs[];    // warps that ran a basic block
extern int64_t g_block_lanes[];
extern float g_block_time[];   // cycles of a warp alone, without loads from global memory
extern float g_block_loads[];  // rounds of loads from global memory that wait for each other

struct Totals {
  int64_t l1_read_sectors, l1_read_hits, l2_reads, l2_read_hits, l2_writes, dram_reads, dram_writes;
  int64_t shared_passes, shared_requests, global_passes, local_requests, param_requests, blocks, warps;
  double warp_time, block_time;  // latency alone; of a block, the slowest warp of every interval
};
inline Totals g_totals;
inline float g_load_latency = 400;

// ---- caches
// ------------------------------------------------------------------------------------------------

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

struct Multiprocessor {
  Cache l1;
};
inline Cache g_l2;

// ---- memory
// ------------------------------------------------------------------------------------------------

struct Allocation {
  uint64_t begin, end;
  bool writable;
  std::string name;
  std::vector<uint8_t> written;  // per byte: 0, 1, 2 for never, once, more often
};
inline std::vector<Allocation> g_allocations;

struct SharedByte {  // who touched it last, in which interval between barriers
  uint32_t write_interval = 0, read_interval = 0;
  int16_t writer = -1, reader = -1;  // reader -2: several
};

struct Block {
  int64_t index;
  int threads;
  std::vector<uint8_t> shared;
  std::vector<SharedByte> touched;
  uint32_t interval;
  Multiprocessor* processor;
};

struct Frame {
  int pc, rejoin;
  uint32_t mask;
};
// Lanes that went different ways, and where they meet again: the block that follows on every way.
struct Paths {
  Frame frame[128];
  int depth = 0;
  void Start(uint32_t mask) {
    depth = 1;
    frame[0] = {0, kExit, mask};
  }
  Frame& Top() { return frame[depth - 1]; }
  void Rejoin() {
    while (depth > 0 && Top().pc == Top().rejoin && Top().rejoin != kExit) --depth;
  }
  __attribute__((noinline)) void Go(int pc) {
    Top().pc = pc;
    Rejoin();
  }
  __attribute__((noinline)) void Branch(uint32_t taken, int target, int next, int rejoin) {
    const uint32_t mask = Top().mask;
    taken &= mask;
    const uint32_t rest = mask & ~taken;
    if (!rest) return Go(target);
    if (!taken) return Go(next);
    if (depth > 120) {
      fprintf(stderr, "paths too deep\n");
      abort();
    }
    if (rejoin == kExit || Top().rejoin == rejoin) {
      --depth;
    } else {
      Top().pc = rejoin;
    }
    if (next != rejoin) frame[depth++] = {next, rejoin, rest};
    if (target != rejoin) frame[depth++] = {target, rejoin, taken};
    Rejoin();
  }
  void Return() {
    --depth;
    Rejoin();
  }
};

struct Dim {
  int grid, block;
};

struct Warp {
  Block* block;
  int first_thread;
  uint32_t mask;
  int waits_at;  // PTX line of the barrier
  Status status;
  Paths paths;
  std::vector<uint8_t> state;
  std::vector<uint8_t> local, local_set;
  uint32_t local_top;
  const uint8_t* params;
  uint32_t params_size;
  int grid, threads;
  float time;

  std::string Who(int lane) const {
    return "block " + std::to_string(block->index) + " thread " + std::to_string(first_thread + lane);
  }

  __attribute__((noinline)) const uint8_t* Param(uint64_t at, int size, int line) const {
    if (at + size > params_size) {
      g_findings.Add("parameter out of bounds", line, Who(0) + " offset " + std::to_string(at));
      return Trash();
    }
    return params + at;
  }
  static uint8_t* Trash() {
    static uint8_t trash[64];
    return trash;
  }

  template <int kBytes, bool kStore>
  __attribute__((noinline)) void Global(int site, uint32_t lanes, const uint64_t* at, uint8_t** to) {
    static size_t last = 0;
    const int line = g_site_lines[site];
    uint64_t sector[64];
    int sectors = 0;
    LANES {
      if (!(lanes >> l & 1)) continue;
      const uint64_t a = at[l];
      if (last >= g_allocations.size() || a < g_allocations[last].begin ||
          a + kBytes > g_allocations[last].end) {
        for (last = 0; last < g_allocations.size(); ++last) {
          if (a >= g_allocations[last].begin && a + kBytes <= g_allocations[last].end) break;
        }
      }
      if (last == g_allocations.size()) {
        std::string near;
        for (const Allocation& one : g_allocations) {
          if (a + 4096 >= one.begin && a < one.end + 4096) {
            near = " near " + one.name + " at byte " + std::to_string(int64_t(a - one.begin)) + " of " +
                   std::to_string(one.end - one.begin);
          }
        }
        g_findings.Add(kStore ? "store out of bounds" : "load out of bounds", line, Who(l) + near);
        to[l] = Trash();
        continue;
      }
      if (a % kBytes) g_findings.Add("misaligned global access", line, Who(l));
      if (kStore) {
        Allocation& one = g_allocations[last];
        if (!one.writable) g_findings.Add("store to an input", line, Who(l) + " " + one.name);
        if (!one.written.empty()) {
          for (int i = 0; i < kBytes; ++i) {
            uint8_t& times = one.written[a - one.begin + i];
            if (times)
              g_findings.Add("output written twice", line, Who(l) + " byte " + std::to_string(a - one.begin));
            times = times ? 2 : 1;
          }
        }
      }
      to[l] = reinterpret_cast<uint8_t*>(a);
      for (uint64_t s = a / 32; s <= (a + kBytes - 1) / 32; ++s) {
        if (sectors && sector[sectors - 1] == s) continue;
        if (sectors < 64) sector[sectors++] = s;
      }
    }
    std::sort(sector, sector + sectors);
    Site& stats = g_sites[site];
    ++stats.requests;
    stats.lanes += __builtin_popcount(lanes);
    int lines = 0;
    bool missed_l1 = false, missed_l2 = false;
    for (int i = 0; i < sectors;) {
      const uint64_t cache_line = sector[i] / 4;
      uint32_t wanted = 0;
      for (; i < sectors && sector[i] / 4 == cache_line; ++i) wanted |= 1u << sector[i] % 4;
      ++lines;
      stats.sectors += __builtin_popcount(wanted);
      int64_t evicted = 0;
      if (kStore) {
        g_l2.Access(cache_line, wanted, true, &evicted);
        g_totals.l2_writes += __builtin_popcount(wanted);
      } else {
        const uint32_t hit = block->processor->l1.Access(cache_line, wanted, false, nullptr);
        g_totals.l1_read_sectors += __builtin_popcount(wanted);
        g_totals.l1_read_hits += __builtin_popcount(hit);
        stats.l1_hits += __builtin_popcount(hit);
        const uint32_t missed = wanted & ~hit;
        if (missed) {
          const uint32_t in_l2 = g_l2.Access(cache_line, missed, false, &evicted);
          missed_l1 = true;
          missed_l2 = missed_l2 || in_l2 != missed;
          g_totals.l2_reads += __builtin_popcount(missed);
          g_totals.l2_read_hits += __builtin_popcount(in_l2);
          g_totals.dram_reads += __builtin_popcount(missed & ~in_l2);
          stats.l2_hits += __builtin_popcount(in_l2);
          stats.dram += __builtin_popcount(missed & ~in_l2);
        }
      }
      g_totals.dram_writes += evicted;
    }
    stats.lines += lines;
    stats.missed_l1 += missed_l1;
    stats.missed_l2 += missed_l2;
    // A pass of the load/store unit looks up one line's tag... or moves 128 bytes, whichever takes longer.
    const int moved = (__builtin_popcount(lanes) * kBytes + 127) / 128;
    const int passes = std::max(lines, moved);
    stats.passes += passes;
    g_totals.global_passes += passes;
  }

  template <int kBytes, bool kStore>
  __attribute__((noinline)) void Shared(int site, uint32_t lanes, const uint64_t* at, uint8_t** to) {
    const int line = g_site_lines[site];
    Site& stats = g_sites[site];
    ++stats.requests;
    ++g_totals.shared_requests;
    stats.lanes += __builtin_popcount(lanes);
    const uint64_t end = block->shared.size();
    LANES {
      if (!(lanes >> l & 1)) continue;
      const uint64_t a = at[l];
      if (a < kFirstShared || a + kBytes > end) {
        g_findings.Add("shared memory out of bounds", line, Who(l) + " offset " + std::to_string(int64_t(a)));
        to[l] = Trash();
        continue;
      }
      if (a % kBytes) g_findings.Add("misaligned shared access", line, Who(l));
      to[l] = &block->shared[a];
      if (CHECK) Touch<kBytes, kStore>(line, l, a);
    }
    // Words of a bank's are served one a pass, the same word once. Wide accesses go half or quarter warps at
    // a time.
    constexpr int kWords = kBytes <= 4 ? 1 : kBytes / 4;
    constexpr int kGroup = 32 / kWords;
    int passes = 0;
    for (int first = 0; first < 32; first += kGroup) {
      if (!(lanes >> first & (kGroup == 32 ? ~0u : (1u << kGroup) - 1))) continue;
      uint32_t words[32][32];
      int count[32] = {};
      int most = 1;
      for (int l = first; l < first + kGroup; ++l) {
        if (!(lanes >> l & 1)) continue;
        for (int i = 0; i < kWords; ++i) {
          const uint32_t word = uint32_t(at[l] / 4) + i;
          const int bank = word % 32;
          int k = 0;
          while (k < count[bank] && words[bank][k] != word) ++k;
          if (k == count[bank] && k < 32) words[bank][count[bank]++] = word;
          most = std::max(most, count[bank]);
        }
      }
      passes += most;
    }
    stats.passes += passes;
    g_totals.shared_passes += passes;
  }

  template <int kBytes, bool kStore>
  __attribute__((noinline)) void Touch(int line, int lane, uint64_t at) {
    const int16_t thread = int16_t(first_thread + lane);
    const uint32_t now = block->interval;
    for (int i = 0; i < kBytes; ++i) {
      SharedByte& byte = block->touched[at + i];
      if (byte.write_interval == now && byte.writer != thread) {
        g_findings.Add(
            kStore ? "race: two writes" : "race: read after write", line,
            Who(lane) + " and thread " + std::to_string(byte.writer) + " at offset " + std::to_string(at));
      }
      if (kStore) {
        if (byte.read_interval == now && byte.reader != thread) {
          g_findings.Add(
              "race: write after read", line,
              Who(lane) + " and thread " + std::to_string(byte.reader) + " at offset " + std::to_string(at));
        }
        byte.write_interval = now;
        byte.writer = thread;
      } else {
        if (byte.write_interval == 0) {
          g_findings.Add("uninitialised shared memory", line, Who(lane) + " offset " + std::to_string(at));
        }
        if (byte.read_interval == now && byte.reader != thread) {
          byte.reader = -2;
        } else {
          byte.reader = thread;
        }
        byte.read_interval = now;
      }
    }
  }

  template <int kBytes, bool kStore>
  __attribute__((noinline)) void Local(int site, uint32_t lanes, const uint64_t* at, uint8_t** to) {
    const int line = g_site_lines[site];
    ++g_sites[site].requests;
    ++g_totals.local_requests;
    g_sites[site].lanes += __builtin_popcount(lanes);
    LANES {
      if (!(lanes >> l & 1)) continue;
      const uint64_t a = at[l];
      if (a + kBytes > local_top) {
        g_findings.Add("local memory out of bounds", line, Who(l) + " offset " + std::to_string(int64_t(a)));
        to[l] = Trash();
        continue;
      }
      if (a % kBytes) g_findings.Add("misaligned local access", line, Who(l));
      const size_t place = size_t(l) * kLocalBytes + a;
      to[l] = &local[place];
      if (CHECK) {
        for (int i = 0; i < kBytes; ++i) {
          if (kStore) {
            local_set[place + i] = 1;
          } else if (!local_set[place + i]) {
            g_findings.Add("uninitialised local memory", line, Who(l) + " offset " + std::to_string(a));
          }
        }
      }
    }
  }

  template <int kBytes, bool kStore>
  __attribute__((noinline)) void Generic(int site, uint32_t lanes, const uint64_t* at, uint8_t** to) {
    while (lanes) {
      const uint64_t space = at[__builtin_ctz(lanes)] & kSpaces;
      uint32_t same = 0;
      uint64_t offset[32];
      LANES {
        if ((lanes >> l & 1) && (at[l] & kSpaces) == space) same |= 1u << l;
        offset[l] = at[l] & ~kSpaces;
      }
      if (space == kSharedBase) {
        Shared<kBytes, kStore>(site, same, offset, to);
      } else if (space == kLocalBase) {
        Local<kBytes, kStore>(site, same, offset, to);
      } else if (space == kParamBase) {
        ++g_sites[site].requests;
        ++g_totals.param_requests;
        LANES {
          if (!(same >> l & 1)) continue;
          if (kStore) g_findings.Add("store to a parameter", g_site_lines[site], Who(l));
          if (offset[l] % kBytes) g_findings.Add("misaligned parameter", g_site_lines[site], Who(l));
          to[l] = const_cast<uint8_t*>(Param(offset[l], kBytes, g_site_lines[site]));
        }
      } else {
        Global<kBytes, kStore>(site, same, at, to);
      }
      lanes &= ~same;
    }
  }

  // Room for a function's local variables; what is in it is not set.
  __attribute__((noinline)) uint32_t Enter(uint32_t size) {
    const uint32_t at = (local_top + 15) / 16 * 16;
    local_top = at + size;
    if (local_top > kLocalBytes) {
      fprintf(stderr, "too little local memory\n");
      abort();
    }
    if (CHECK && size) LANES memset(&local_set[size_t(l) * kLocalBytes + at], 0, size);
    return at;
  }
};

// ---- kernels and the scheduler
// -------------------------------------------------------------------------------

struct Kernel {
  const char* name;
  Status (*run)(Warp&);
  const size_t* state;
  int shared;  // end of its shared memory
  int param_count;
  const int* params;  // offset and size of each
};
extern const Kernel g_kernels[];
extern const int g_kernel_count;
extern const int g_block_count, g_site_count;

struct Config {
  int processors = 1, resident = 1;
  int64_t l1_bytes = 128 << 10, l2_bytes = 50 << 20;
  int quantum = 64;               // basic blocks that a warp runs before the next one's turn
  int64_t first = 0, count = -1;  // blocks that run
  bool keep_l2 = false;
  int most_blocks = 0;  // 0: as many as are launched; otherwise blocks must loop over their tasks
};
inline Config g_config;
inline int g_quantum_left;

inline void Launch(const Kernel& kernel, int grid, int threads, void** arguments) {
  if (g_config.most_blocks && grid > g_config.most_blocks) grid = g_config.most_blocks;
  const int* last = kernel.params + 2 * (kernel.param_count - 1);
  std::vector<uint8_t> params(kernel.param_count ? last[0] + last[1] : 0);
  for (int i = 0; i < kernel.param_count; ++i) {
    memcpy(&params[kernel.params[2 * i]], arguments[i], kernel.params[2 * i + 1]);
  }
  const int64_t first = g_config.first;
  const int64_t end = g_config.count < 0 ? grid : std::min<int64_t>(grid, first + g_config.count);
  if (!g_config.keep_l2) g_l2.Reset(g_config.l2_bytes);
  std::vector<Multiprocessor> processors(g_config.processors);
  for (Multiprocessor& one : processors) one.l1.Reset(g_config.l1_bytes);

  struct Slot {
    bool busy = false;
    Block block;
    std::vector<Warp> warps;
  };
  const int warps = (threads + 31) / 32;
  std::vector<Slot> slots(size_t(g_config.processors) * g_config.resident);
  int64_t next = first;
  const auto start = [&](Slot& slot, Multiprocessor* processor) {
    if (next >= end) return;
    Block& block = slot.block;
    block.index = next++;
    block.threads = threads;
    block.shared.assign(kernel.shared, 0xCD);
    if (CHECK) block.touched.assign(kernel.shared, SharedByte());
    block.interval = 1;
    block.processor = processor;
    slot.warps.resize(warps);
    for (int i = 0; i < warps; ++i) {
      Warp& warp = slot.warps[i];
      warp.block = &block;
      warp.first_thread = 32 * i;
      const int lanes = std::min(32, threads - 32 * i);
      warp.mask = lanes == 32 ? ~0u : (1u << lanes) - 1;
      warp.paths.Start(warp.mask);
      if (warp.state.empty()) warp.state.resize(*kernel.state + 64);
      if (warp.local.empty()) warp.local.resize(32 * kLocalBytes), warp.local_set.resize(32 * kLocalBytes);
      warp.local_top = 0;
      warp.params = params.data();
      warp.params_size = uint32_t(params.size());
      warp.grid = grid;
      warp.threads = threads;
      warp.status = kYield;
      warp.time = 0;
    }
    slot.busy = true;
    ++g_totals.blocks;
    g_totals.warps += warps;
  };
  // Breadth first, as the device does.
  for (int r = 0; r < g_config.resident; ++r) {
    for (int p = 0; p < g_config.processors; ++p)
      start(slots[size_t(p) * g_config.resident + r], &processors[p]);
  }
  for (bool any = true; any;) {
    any = false;
    for (size_t s = 0; s < slots.size(); ++s) {
      Slot& slot = slots[s];
      if (!slot.busy) continue;
      any = true;
      int waiting = 0, done = 0;
      for (Warp& warp : slot.warps) {
        if (warp.status == kYield) {
          g_quantum_left = g_config.quantum;
          warp.status = kernel.run(warp);
        }
        waiting += warp.status == kBarrier;
        done += warp.status == kDone;
      }
      if (waiting + done < warps) continue;
      float slowest = 0;
      for (Warp& warp : slot.warps) {
        slowest = std::max(slowest, warp.time);
        g_totals.warp_time += warp.time;
        warp.time = 0;
      }
      g_totals.block_time += slowest;
      if (waiting) {
        int line = 0;
        for (Warp& warp : slot.warps) {
          if (warp.status != kBarrier) continue;
          if (line && warp.waits_at != line) {
            g_findings.Add("warps at different barriers", line, "block " + std::to_string(slot.block.index));
          }
          line = warp.waits_at;
          warp.status = kYield;
        }
        if (done)
          g_findings.Add("barrier after some warps ended", line, "block " + std::to_string(slot.block.index));
        ++slot.block.interval;
      } else {
        slot.busy = false;
        start(slot, slot.block.processor);
      }
    }
  }
}

#ifdef EMULATOR_MAIN
// ---- what Python calls
// ------------------------------------------------------------------------------------------

extern "C" {
void EmulatorAllocate(void* begin, int64_t bytes, int writable, int watch, const char* name) {
  Allocation one = {uint64_t(begin), uint64_t(begin) + bytes, writable != 0, name, {}};
  if (watch) one.written.assign(bytes, 0);
  g_allocations.push_back(one);
}
void EmulatorFree() { g_allocations.clear(); }
int64_t EmulatorUnwritten() {
  int64_t bytes = 0;
  for (const Allocation& one : g_allocations) {
    for (uint8_t times : one.written) bytes += times == 0;
  }
  return bytes;
}
void EmulatorConfigure(int processors, int resident, int64_t l1, int64_t l2, int quantum, int64_t first,
                       int64_t count, int keep_l2, float load_latency, int most_blocks) {
  g_config = {processors, resident, l1, l2, quantum, first, count, keep_l2 != 0, most_blocks};
  g_load_latency = load_latency;
}
void EmulatorReset() {
  g_findings = Findings();
  g_totals = Totals();
  memset(g_sites, 0, sizeof(Site) * g_site_count);
  memset(g_block_runs, 0, sizeof(int64_t) * g_block_count);
  memset(g_block_lanes, 0, sizeof(int64_t) * g_block_count);
}
int64_t EmulatorFindings(char* text, int64_t size) {
  std::string all;
  for (const auto& [key, entry] : g_findings.seen) {
    all += key + "\t" + std::to_string(entry.first) + "\t" + entry.second + "\n";
  }
  snprintf(text, size, "%s", all.c_str());
  return g_findings.total;
}
const Totals* EmulatorTotals() { return &g_totals; }
const Site* EmulatorSites() { return g_sites; }
const int64_t* EmulatorBlockRuns() { return g_block_runs; }
const int64_t* EmulatorBlockLanes() { return g_block_lanes; }
int EmulatorLaunch(const char* name, int grid, int threads, void** arguments) {
  for (int i = 0; i < g_kernel_count; ++i) {
    if (strcmp(g_kernels[i].name, name) == 0) {
      Launch(g_kernels[i], grid, threads, arguments);
      return 0;
    }
  }
  return 1;
}
void EmulatorTimes(const float* time, const float* loads) {
  memcpy(g_block_time, time, sizeof(float) * g_block_count);
  memcpy(g_block_loads, loads, sizeof(float) * g_block_count);
}
}
#endif

#endif  // PTX_EMULATOR_MACHINE_H_
