// What is found and what is counted.

#ifndef ROIOPS_TESTS_EMULATED_COUNTERS_H_
#define ROIOPS_TESTS_EMULATED_COUNTERS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

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

#endif  // ROIOPS_TESTS_EMULATED_COUNTERS_H_
