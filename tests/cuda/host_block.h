// The block algorithm of the CUDA kernels on the host: the device's arithmetic, and its memory accesses where
// sanitizers see them, without a device.

#ifndef ROIOPS_TESTS_HOST_BLOCK_H_
#define ROIOPS_TESTS_HOST_BLOCK_H_

#include "host_threads.h"
#include "pooling/cpu/pool.h"
#include "pooling/cuda/block.h"
#include "roi_align/rule.h"

namespace roiops_test {

// What a kernel of the device does with one block.
template <class Rule, class Stored, class Block>
void RunItems(const roiops::CudaRequest<Rule>& request, const Block& block,
              roiops::BlockMemory<Rule, Stored>& memory) {
  const roiops::BoxPooler<Rule, Stored, Block> pooler(request, memory, block);
  for (int64_t item = 0; item < request.work_items; ++item) pooler.Run(item);
}

template <class Rule, class Stored>
void PoolSerially(const roiops::CudaRequest<Rule>& request) {
  const auto memory = std::make_unique<roiops::BlockMemory<Rule, Stored>>();
  RunItems(request, SerialBlock(), *memory);
}

template <class Rule, class Stored>
void PoolOnThreads(const roiops::CudaRequest<Rule>& request, int count) {
  const auto memory = std::make_unique<roiops::BlockMemory<Rule, Stored>>();
  RunOnThreads(count, [&](const BlockOnThreads& block) { RunItems(request, block, *memory); });
}

// A request for the CPU kernels as one for the device.
template <class Rule, class Stored, class BoxType>
roiops::CudaRequest<Rule> ToCudaRequest(const roiops::PoolRequest<Stored, BoxType>& from,
                                        const roiops::PoolOptions<Rule>& options) {
  roiops::CudaRequest<Rule> request = {};
  roiops::SetMaps(request, from.maps.data(), from.maps.size(), sizeof(Stored));
  request.float_boxes = std::is_same_v<BoxType, float>;
  request.wide_batch = true;
  request.boxes = from.boxes;
  request.batch = from.images;
  request.levels = from.levels;
  request.output = from.output;
  request.count = from.count;
  request.size = options.output;
  request.rule = options.rule;
  request.pooling = options.pooling;
  return request;
}

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_HOST_BLOCK_H_
