// The memory of one thread, and addresses that may be in any. Included by warp.h.

#ifndef ROIOPS_TESTS_EMULATED_LOCAL_MEMORY_H_
#define ROIOPS_TESTS_EMULATED_LOCAL_MEMORY_H_

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "machine/warp.h"

template <int kBytes, Access kHow>
void Warp::Local(int site, uint32_t lanes, const uint64_t* at, uint8_t** to) {
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
        if (kHow == kStore) {
          local_set[place + i] = 1;
        } else if (!local_set[place + i]) {
          g_findings.Add("uninitialised local memory", line, Who(l) + " offset " + std::to_string(a));
        }
      }
    }
  }
}

template <int kBytes, Access kHow>
void Warp::Generic(int site, uint32_t lanes, const uint64_t* at, uint8_t** to) {
  while (lanes) {
    const uint64_t space = at[__builtin_ctz(lanes)] & kSpaces;
    uint32_t same = 0;
    uint64_t offset[32];
    LANES {
      if ((lanes >> l & 1) && (at[l] & kSpaces) == space) same |= 1u << l;
      offset[l] = at[l] & ~kSpaces;
    }
    if (space == kSharedBase) {
      Shared<kBytes, kHow>(site, same, offset, to);
    } else if (space == kLocalBase) {
      Local<kBytes, kHow>(site, same, offset, to);
    } else if (space == kParamBase) {
      ++g_sites[site].requests;
      ++g_totals.param_requests;
      LANES {
        if (!(same >> l & 1)) continue;
        if (kHow != kLoad) g_findings.Add("store to a parameter", g_site_lines[site], Who(l));
        if (offset[l] % kBytes) g_findings.Add("misaligned parameter", g_site_lines[site], Who(l));
        to[l] = const_cast<uint8_t*>(Param(offset[l], kBytes, g_site_lines[site]));
      }
    } else {
      Global<kBytes, kHow>(site, same, at, to);
    }
    lanes &= ~same;
  }
}

inline uint32_t Warp::Enter(uint32_t size) {
  const uint32_t at = (local_top + 15) / 16 * 16;
  local_top = at + size;
  if (local_top > kLocalBytes) {
    fprintf(stderr, "too little local memory\n");
    abort();
  }
  if (CHECK && size) LANES memset(&local_set[size_t(l) * kLocalBytes + at], 0, size);
  return at;
}

#endif  // ROIOPS_TESTS_EMULATED_LOCAL_MEMORY_H_
