# The instruction sets kernels are compiled for and their compiler options; base/isa.cc detects them. The sampling
# rules compare rounded numbers, so nothing but the kernels' sums may be fused.
set(instruction_sets Baseline)
set(options_Baseline -ffp-contract=fast)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND instruction_sets Avx2 Avx512)
  set(options_Avx2 -ffp-contract=fast -mavx2 -mfma -mf16c)
  set(options_Avx512 ${options_Avx2} -mavx512f -mavx512dq -mavx512bw -mavx512vl -mprefer-vector-width=512
    $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized> $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
