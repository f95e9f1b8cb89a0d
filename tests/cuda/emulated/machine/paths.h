// Where the lanes of a warp are.

#ifndef ROIOPS_TESTS_EMULATED_PATHS_H_
#define ROIOPS_TESTS_EMULATED_PATHS_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>

constexpr int kExit = -1;

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

#endif  // ROIOPS_TESTS_EMULATED_PATHS_H_
