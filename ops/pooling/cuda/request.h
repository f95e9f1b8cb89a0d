// What the CUDA kernels are given. Plain data: it travels to the device as the kernels' one argument.

#ifndef ROIOPS_POOLING_CUDA_REQUEST_H_
#define ROIOPS_POOLING_CUDA_REQUEST_H_

#include <cstdint>

#include "axis/tap.h"
#include "cuda/roi_inputs.h"
#include "roi/feature_map.h"

namespace roiops {

// A box whose image or level does not exist or which is not finite gets zeros: only the device sees these,
// and to report them would cost a synchronisation.
struct PoolJob : RoiInputs {
  void* output;  // (count, channels, output height, output width)
  OutputSize size;
  Pooling pooling;
  // A work item, which is what a block of threads does at a time: one box, so many channels and output rows.
  int64_t channel_tile;
  int64_t row_tile;
  int64_t row_tiles;
  int64_t work_items;  // of all boxes
};

// Fills in the tiles and the number of work items, from the sizes.
void ChooseTiles(PoolJob& request);

// With the rule of the axes (pooling/options.h).
template <class Rule>
struct CudaRequest : PoolJob {
  Rule rule;
};

// Enqueues the pooling on a stream (a cudaStream_t). Null if that went well, otherwise CUDA's description of
// the error. Neither waits for the device nor allocates, so it can be captured in a CUDA graph.
template <class Rule, class Stored>
const char* LaunchCudaPooling(const CudaRequest<Rule>& request, void* stream);

// Loads the kernels to the current device: null, or CUDA's description of why it cannot run them.
template <class Rule, class Stored>
const char* LoadCudaPooling();

}  // namespace roiops

#endif  // ROIOPS_POOLING_CUDA_REQUEST_H_
