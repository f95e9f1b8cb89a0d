// What Python and the stand-in for the CUDA runtime call. Included once, by the tables that ptx/ writes.

#ifndef ROIOPS_TESTS_EMULATED_ENTRY_POINTS_H_
#define ROIOPS_TESTS_EMULATED_ENTRY_POINTS_H_

#include <cstdio>
#include <cstring>
#include <string>

#include "machine/scheduler.h"

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
int EmulatorLaunch(const char* name, const Size3* grid, const Size3* threads, size_t shared,
                   void** arguments) {
  for (int i = 0; i < g_kernel_count; ++i) {
    if (strcmp(g_kernels[i].name, name) == 0) {
      Launch(g_kernels[i], {*grid, *threads}, shared, arguments);
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

#endif  // ROIOPS_TESTS_EMULATED_ENTRY_POINTS_H_
