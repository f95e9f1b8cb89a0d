#include "base/isa.h"

#include <cstdlib>
#include <cstring>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "base/error.h"

namespace roiops {
namespace {

#if defined(__x86_64__)
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
  Isa isas[3];
  const char* names[4] = {};
  int count = 0;

  Usable() {
#if defined(__x86_64__)
    const Processor processor;
    if (processor.avx512) Add(Isa::kAvx512);
    if (processor.avx2) Add(Isa::kAvx2);
#endif
    Add(Isa::kBaseline);
  }

 private:
  void Add(Isa isa) {
    isas[count] = isa;
    names[count++] = IsaName(isa);
  }
};

const Usable& GetUsable() {
  static const Usable usable;
  return usable;
}

Isa Choose() {
  const Usable& usable = GetUsable();
  const char* const wanted = std::getenv("ROIOPS_ISA");
  if (!wanted || !*wanted) return usable.isas[0];
  std::string names;
  for (int i = 0; i < usable.count; ++i) {
    if (std::strcmp(usable.names[i], wanted) == 0) return usable.isas[i];
    names += (i ? ", " : "") + std::string(usable.names[i]);
  }
  Fail("environment variable ROIOPS_ISA is ", Quoted(wanted),
       "; it must name an instruction set that this processor runs: ", names);
}

}  // namespace

Isa ActiveIsa() {
  static const Isa active = Choose();
  return active;
}

const char* IsaName(Isa isa) {
  switch (isa) {
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kBaseline:
      break;
  }
  return "baseline";
}

const char* const* UsableIsas() { return GetUsable().names; }

}  // namespace roiops
