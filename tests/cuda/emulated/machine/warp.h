// The machine that translated PTX runs on, as a warp sees it. Included by the C++ that ptx/ writes.

#ifndef ROIOPS_TESTS_EMULATED_WARP_H_
#define ROIOPS_TESTS_EMULATED_WARP_H_

#include <string>

#include "machine/block.h"
#include "machine/counters.h"
#include "machine/numbers.h"
#include "machine/paths.h"

#define ROIOPS_EMULATED_CALL __attribute__((noinline))  // translated functions are large enough as they are

enum Status { kBarrier, kDone, kYield };
inline int g_quantum_left;  // basic blocks until the next warp's turn
enum Shuffle { kIdx, kUp, kDown, kBfly };

struct Warp {
  const LaunchShape* launch;
  Block* block;
  int first_thread;
  uint32_t mask;
  int waits_at;  // PTX line of the barrier
  Status status;
  Paths paths;
  uint16_t epoch;  // barriers of the warp since the block's last
  std::vector<uint8_t> state;
  std::vector<uint8_t> local, local_set;
  uint32_t local_top;
  const uint8_t* params;
  uint32_t params_size;
  float time;

  Size3 Thread(int lane) const { return launch->threads.At(first_thread + lane); }
  std::string Who(int lane) const;
  static uint8_t* Trash();  // for accesses that must not happen

  // The memory that lanes access, at each lane's address. Checks and counts.
  const uint8_t* Param(uint64_t at, int size, int line) const;
  template <int kBytes, Access kHow>
  ROIOPS_EMULATED_CALL void Global(int site, uint32_t lanes, const uint64_t* at, uint8_t** to);
  template <int kBytes, Access kHow>
  ROIOPS_EMULATED_CALL void Shared(int site, uint32_t lanes, const uint64_t* at, uint8_t** to);
  template <int kBytes, Access kHow>
  ROIOPS_EMULATED_CALL void Local(int site, uint32_t lanes, const uint64_t* at, uint8_t** to);
  template <int kBytes, Access kHow>
  ROIOPS_EMULATED_CALL void Generic(int site, uint32_t lanes, const uint64_t* at, uint8_t** to);
  // Room for a function's local variables; what is in it is not set.
  uint32_t Enter(uint32_t size);

  // `members` must be the lanes that are here.
  void CheckMembers(uint32_t members, uint32_t here, int line) const;
  void Synchronize() { ++epoch; }
  int ShuffledLane(Shuffle how, int lane, uint32_t by, uint32_t clamp, uint32_t here, int line,
                   bool* inside) const;

 private:
  template <int kBytes, Access kHow>
  ROIOPS_EMULATED_CALL void Touch(int line, int lane, uint64_t at);
  bool OrderedAfter(int16_t other, uint16_t its_epoch, int lane) const;
};

#include "machine/global_memory.h"
#include "machine/local_memory.h"
#include "machine/shared_memory.h"

inline std::string Warp::Who(int lane) const {
  return "block " + std::to_string(block->index) + " thread " + std::to_string(first_thread + lane);
}

inline uint8_t* Warp::Trash() {
  static uint8_t trash[64];
  return trash;
}

inline const uint8_t* Warp::Param(uint64_t at, int size, int line) const {
  if (at + size > params_size) {
    g_findings.Add("parameter out of bounds", line, Who(0) + " offset " + std::to_string(at));
    return Trash();
  }
  return params + at;
}

inline void Warp::CheckMembers(uint32_t members, uint32_t here, int line) const {
  if ((members & mask) != here) g_findings.Add("lanes of a warp are missing", line, Who(__builtin_ctz(here)));
}

inline int Warp::ShuffledLane(Shuffle how, int lane, uint32_t by, uint32_t clamp, uint32_t here, int line,
                              bool* inside) const {
  const int segment = int(clamp >> 8 & 31), bound = int(clamp & 31), step = int(by & 31);
  const int last = (lane & segment) | (bound & ~segment);
  int from = how == kIdx    ? (lane & segment) | (step & ~segment)
             : how == kUp   ? lane - step
             : how == kDown ? lane + step
                            : lane ^ step;
  *inside = how == kUp ? from >= last : from <= last;
  if (!*inside) from = lane;
  if (!(here >> from & 1)) g_findings.Add("shuffle from a missing lane", line, Who(lane));
  return from;
}

#endif  // ROIOPS_TESTS_EMULATED_WARP_H_
