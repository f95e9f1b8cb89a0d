// Chooses the kernels for this processor, once.

#include <cstdlib>
#include <cstring>
#if defined(ROIOPS_X86_KERNELS)
#include <cpuid.h>
#endif

#include "roi_align/cpu/kernel.h"

namespace roiops {

extern const KernelSet kBaselineKernels;
#if defined(ROIOPS_X86_KERNELS)
extern const KernelSet kAvx2Kernels;
extern const KernelSet kAvx512Kernels;
#endif

namespace {

#if defined(ROIOPS_X86_KERNELS)
// From the processor itself: clang 14's __builtin_cpu_supports does not know F16C, and the one of zig's
// runtime denies everything.
struct Processor {
  bool avx2 = false;
  bool avx512 = false;

  Processor() {
    unsigned eax, ebx, ecx, edx;
    constexpr unsigned kLeaf1 = bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & kLeaf1) != kLeaf1) return;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return;
    constexpr unsigned kAvx512 = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
    avx2 = (ebx & bit_AVX2) != 0 && SystemSaves(kYmmState);
    avx512 = avx2 && (ebx & kAvx512) == kAvx512 && SystemSaves(kZmmState);
  }

 private:
  static constexpr unsigned kYmmState = 0x06;  // the registers' lower and upper 128 bits
  static constexpr unsigned kZmmState = 0xE6;  // and masks, the upper 256 bits, registers 16 to 31

  // Whether the operating system keeps these registers for each thread.
  static bool SystemSaves(unsigned state) {
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & state) == state;
  }
};
#endif

struct Usable {
  const KernelSet* sets[4] = {};
  const char* names[4] = {};

  Usable() {
    int count = 0;
    const auto add = [&](const KernelSet& set) {
      sets[count] = &set;
      names[count++] = set.name;
    };
#if defined(ROIOPS_X86_KERNELS)
    const Processor processor;
    if (processor.avx512) add(kAvx512Kernels);
    if (processor.avx2) add(kAvx2Kernels);
#endif
    add(kBaselineKernels);
  }
};

const Usable& GetUsable() {
  static const Usable usable;
  return usable;
}

const KernelSet& Choose() {
  const Usable& usable = GetUsable();
  if (const char* wanted = std::getenv("ROIOPS_ISA")) {
    for (const KernelSet* const* set = usable.sets; *set; ++set) {
      if (std::strcmp((*set)->name, wanted) == 0) return **set;
    }
  }
  return *usable.sets[0];
}

}  // namespace

const KernelSet& ActiveKernels() {
  static const KernelSet& active = Choose();
  return active;
}

const char* const* UsableKernels() { return GetUsable().names; }

template <>
const BlockKernels<float, float>& KernelsFor<float>(const KernelSet& set) {
  return set.f32;
}
template <>
const BlockKernels<double, double>& KernelsFor<double>(const KernelSet& set) {
  return set.f64;
}
template <>
const BlockKernels<float, Half>& KernelsFor<Half>(const KernelSet& set) {
  return set.f16;
}
template <>
const BlockKernels<float, BFloat16>& KernelsFor<BFloat16>(const KernelSet& set) {
  return set.bf16;
}

}  // namespace roiops
