// Gives blocks to multiprocessors and runs them warp by warp. One thread runs everything, so results are
// repeatable.

#ifndef ROIOPS_TESTS_EMULATED_SCHEDULER_H_
#define ROIOPS_TESTS_EMULATED_SCHEDULER_H_

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "machine/warp.h"

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

inline void Launch(const Kernel& kernel, LaunchShape shape, size_t dynamic_shared, void** arguments) {
  if (g_config.most_blocks) shape.grid.x = std::min(shape.grid.x, uint32_t(g_config.most_blocks));
  const int64_t grid = shape.grid.Count();
  const int threads = int(shape.threads.Count());
  const size_t shared = kernel.shared + dynamic_shared;
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
    block.at = shape.grid.At(block.index);
    block.shared.assign(shared, 0xCD);
    if (CHECK) block.touched.assign(shared, SharedByte());
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
      warp.launch = &shape;
      warp.epoch = 0;
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
          warp.epoch = 0;
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

#endif  // ROIOPS_TESTS_EMULATED_SCHEDULER_H_
