// The overlap of every box of one list with every box of another, on the CPU. Knows nothing of ONNX Runtime.

#ifndef ROIOPS_BOX_IOU_ROTATED_CPU_BOX_IOU_H_
#define ROIOPS_BOX_IOU_ROTATED_CPU_BOX_IOU_H_

#include <cstdint>

#include "base/parallel.h"
#include "rotated/box.h"

namespace roiops {

enum class IouMode {
  kIou,  // of the boxes' union
  kIof,  // of the box of the first list
};

template <class T>
struct BoxIouRequest {
  const T* a;  // (a_count, 5)
  int64_t a_count;
  const T* b;  // (b_count, 5)
  int64_t b_count;
  T* output;  // (a_count, b_count)
};

// Throws std::bad_alloc.
template <class T>
void BoxIouRotated(const BoxIouRequest<T>& request, IouMode mode, const AngleRule& angle,
                   const ParallelFor& parallel_for);

}  // namespace roiops

#endif  // ROIOPS_BOX_IOU_ROTATED_CPU_BOX_IOU_H_
