// Instruction sets: those of this processor, and an operator's kernels for the one in use.
//
// A kernel that is worth compiling for several instruction sets is a file kernel.inc that defines
// IsaKernels<Table, ROIOPS_KERNEL_ISA>(); roiops_kernel() in ops/CMakeLists.txt compiles it once for each of
// them. `Table` is the operator's own struct of function pointers.

#ifndef ROIOPS_BASE_ISA_H_
#define ROIOPS_BASE_ISA_H_

namespace roiops {

enum class Isa { kBaseline, kAvx2, kAvx512 };

// The best one this processor runs, or the one named by the environment variable ROIOPS_ISA. Throws Error if
// that names none this processor runs.
Isa ActiveIsa();

const char* IsaName(Isa isa);

// The names of all those that this library is compiled for and this processor runs, best first, ended by a
// null pointer.
const char* const* UsableIsas();

template <class Table, Isa isa>
const Table& IsaKernels();

template <class Table>
const Table& ActiveKernels() {
#if defined(__x86_64__)
  switch (ActiveIsa()) {
    case Isa::kAvx512:
      return IsaKernels<Table, Isa::kAvx512>();
    case Isa::kAvx2:
      return IsaKernels<Table, Isa::kAvx2>();
    case Isa::kBaseline:
      break;
  }
#endif
  return IsaKernels<Table, Isa::kBaseline>();
}

}  // namespace roiops

#endif  // ROIOPS_BASE_ISA_H_
