// Blocks of threads. Code between two barriers is a function of the thread's number, and a `Block` runs it
// with Step(function): on the device as itself followed by a barrier, in tests on the host as a loop or on
// threads.

#ifndef ROIOPS_CUDA_BLOCK_H_
#define ROIOPS_CUDA_BLOCK_H_

namespace roiops {

constexpr int kBlockThreads = 256;

}  // namespace roiops

#endif  // ROIOPS_CUDA_BLOCK_H_
