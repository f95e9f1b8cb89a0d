// Global memory: bounds, alignment, stores to outputs, sectors and caches. Included by warp.h.

#ifndef ROIOPS_TESTS_EMULATED_GLOBAL_MEMORY_H_
#define ROIOPS_TESTS_EMULATED_GLOBAL_MEMORY_H_

#include "machine/warp.h"

template <int kBytes, Access kHow>
void Warp::Global(int site, uint32_t lanes, const uint64_t* at, uint8_t** to) {
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
      g_findings.Add(kHow == kLoad ? "load out of bounds" : "store out of bounds", line, Who(l) + near);
      to[l] = Trash();
      continue;
    }
    if (a % kBytes) g_findings.Add("misaligned global access", line, Who(l));
    if (kHow != kLoad) {
      Allocation& one = g_allocations[last];
      if (!one.writable) g_findings.Add("store to an input", line, Who(l) + " " + one.name);
      if (!one.written.empty()) {
        for (int i = 0; i < kBytes; ++i) {
          uint8_t& times = one.written[a - one.begin + i];
          if (times && kHow == kStore)
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
    if (kHow != kLoad) {
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

#endif  // ROIOPS_TESTS_EMULATED_GLOBAL_MEMORY_H_
