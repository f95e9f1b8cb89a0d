// Chooses the kernels for this processor, once.

#include <cstdlib>
#include <cstring>
#if defined(ROIOPS_X86_KERNELS)
#include <cpuid.h>
#endif

#include "roi_align/cpu_kernel.h"

namespace roiops {

extern const KernelSet kBaselineKernels;
#if defined(ROIOPS_X86_KERNELS)
extern const KernelSet kAvx2Kernels;
extern const KernelSet kAvx512Kernels;
#endif

namespace {

#if defined(ROIOPS_X86_KERNELS)
// Clang 14 does not know "f16c" in __builtin_cpu_supports.
bool HasF16c() {
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_F16C) != 0;
}
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
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && HasF16c();
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    if (avx512) add(kAvx512Kernels);
    if (avx2) add(kAvx2Kernels);
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
