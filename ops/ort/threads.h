// ONNX Runtime's own threads, those of the session that runs a node.

#ifndef ROIOPS_ORT_THREADS_H_
#define ROIOPS_ORT_THREADS_H_

#include "base/parallel.h"
#include "ort/api.h"

namespace roiops::ort {

// `context` must outlive what is returned.
ParallelFor SessionThreads(const KernelContext& context);

}  // namespace roiops::ort

#endif  // ROIOPS_ORT_THREADS_H_
