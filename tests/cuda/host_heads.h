// The block algorithms of PasteMasks and HeatmapsToKeypoints on the host, for any kind of block.

#ifndef ROIOPS_TESTS_HOST_HEADS_H_
#define ROIOPS_TESTS_HOST_HEADS_H_

#include "heatmaps_to_keypoints/cuda/block.h"
#include "host_threads.h"
#include "paste_masks/cuda/block.h"

namespace roiops_test {

// A block that has the memory it shares.
template <class Memory, class Run>
void RunSerially(const Run& run) {
  const auto memory = std::make_unique<Memory>();
  run(*memory, SerialBlock());
}

template <class Memory, class Run>
void RunThreaded(int threads, const Run& run) {
  const auto memory = std::make_unique<Memory>();
  RunOnThreads(threads, [&](const BlockOnThreads& block) { run(*memory, block); });
}

template <class Stored, class Output, class Block>
void PasteItems(const roiops::CudaPasteRequest& request, roiops::PasteMemory<typename Output::Acc>& memory,
                const Block& block) {
  const roiops::MaskPaster<Stored, Output, Block> paster(request, memory, block);
  for (int64_t item = 0; item < request.work_items; ++item) paster.Run(item);
}

// `threads` 0: serially.
template <class Stored, class Output>
void PasteAs(const roiops::CudaPasteRequest& request, int threads) {
  using Memory = roiops::PasteMemory<typename Output::Acc>;
  const auto run = [&](Memory& memory, const auto& block) {
    PasteItems<Stored, Output>(request, memory, block);
  };
  if (threads == 0) return RunSerially<Memory>(run);
  RunThreaded<Memory>(threads, run);
}

template <class Stored>
void PasteOnHost(const roiops::CudaPasteRequest& request, int threads) {
  switch (request.options.output) {
    case roiops::PasteOutput::kSoft:
      return PasteAs<Stored, roiops::CudaSoftOutput<Stored>>(request, threads);
    case roiops::PasteOutput::kBinary:
      return PasteAs<Stored, roiops::CudaBinaryOutput<Stored>>(request, threads);
    case roiops::PasteOutput::kBytes:
      return PasteAs<Stored, roiops::CudaByteOutput<Stored>>(request, threads);
  }
}

template <class Stored>
void FindKeypointsOnHost(const roiops::CudaKeypointRequest& request, int threads) {
  using Memory = roiops::KeypointMemory<typename roiops::ComputeType<Stored>::Type>;
  const auto run = [&](Memory& memory, const auto& block) {
    const roiops::PeakSearch<Stored, std::decay_t<decltype(block)>> search(request, memory, block);
    for (int64_t item = 0; item < request.count * request.keypoints; ++item) search.Run(item);
  };
  if (threads == 0) return RunSerially<Memory>(run);
  RunThreaded<Memory>(threads, run);
}

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_HOST_HEADS_H_
