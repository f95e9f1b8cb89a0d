// How much memory CPU kernels take.

#ifndef ROIOPS_CPU_LIMITS_H_
#define ROIOPS_CPU_LIMITS_H_

#include <cstddef>

namespace roiops {

#if defined(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)
constexpr size_t kLimitUnit = size_t(1) << 9;  // small, for small inputs to reach what lies beyond the limits
#else
constexpr size_t kLimitUnit = size_t(1) << 20;
#endif
constexpr size_t kPlanBytes = 32 * kLimitUnit;
constexpr size_t kTileBytes = 8 * kLimitUnit;

// Larger results are not kept in the cache: what reads them next would find only their end there.
constexpr size_t kCachedResultBytes = 8 * kLimitUnit;

}  // namespace roiops

#endif  // ROIOPS_CPU_LIMITS_H_
