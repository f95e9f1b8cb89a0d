// Shared memory: bounds, alignment, races, reads of what is not set, passes. Included by warp.h.

#ifndef ROIOPS_TESTS_EMULATED_SHARED_MEMORY_H_
#define ROIOPS_TESTS_EMULATED_SHARED_MEMORY_H_

#include "machine/warp.h"

template <int kBytes, Access kHow>
void Warp::Shared(int site, uint32_t lanes, const uint64_t* at, uint8_t** to) {
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
    if (CHECK) Touch<kBytes, kHow>(line, l, a);
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

// Whether a barrier of the warp lies between what another of its threads did and what `lane` does.
inline bool Warp::OrderedAfter(int16_t other, uint16_t its_epoch, int lane) const {
  return other == first_thread + lane ||
         (SharedByte::WarpOf(other) == first_thread / 32 && its_epoch != epoch);
}

template <int kBytes, Access kHow>
void Warp::Touch(int line, int lane, uint64_t at) {
  const int16_t thread = kHow == kAtomic ? SharedByte::kAtomics : int16_t(first_thread + lane);
  const uint32_t now = block->interval;
  const auto race = [&](const char* kind, int16_t other) {
    g_findings.Add(kind, line,
                   Who(lane) + " and thread " + std::to_string(other) + " at offset " + std::to_string(at));
  };
  for (int i = 0; i < kBytes; ++i) {
    SharedByte& byte = block->touched[at + i];
    const bool both_atomic = kHow == kAtomic && byte.writer == SharedByte::kAtomics;
    if (byte.write_interval == now && !both_atomic && !OrderedAfter(byte.writer, byte.write_epoch, lane)) {
      race(kHow == kLoad ? "race: read after write" : "race: two writes", byte.writer);
    }
    if (kHow != kStore && byte.write_interval == 0) {
      g_findings.Add("uninitialised shared memory", line, Who(lane) + " offset " + std::to_string(at));
    }
    if (kHow != kLoad) {
      if (byte.read_interval == now && !OrderedAfter(byte.reader, byte.read_epoch, lane)) {
        race("race: write after read", byte.reader);
      }
      byte.write_interval = now;
      byte.writer = thread;
      byte.write_epoch = epoch;
    } else {
      const int warp = first_thread / 32;
      if (byte.read_interval != now || byte.reader == thread) {
        byte.reader = thread;
      } else if (SharedByte::WarpOf(byte.reader) != warp) {
        byte.reader = SharedByte::kSeveral;
      } else {
        byte.reader = byte.read_epoch == epoch ? SharedByte::SeveralOf(warp) : thread;
      }
      byte.read_interval = now;
      byte.read_epoch = epoch;
    }
  }
}

#endif  // ROIOPS_TESTS_EMULATED_SHARED_MEMORY_H_
