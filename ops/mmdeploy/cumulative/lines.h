// A tensor as lines along one of its axes, in work items.

#ifndef ROIOPS_MMDEPLOY_CUMULATIVE_LINES_H_
#define ROIOPS_MMDEPLOY_CUMULATIVE_LINES_H_

#include <algorithm>
#include <cstdint>

#include "base/parallel.h"

namespace roiops::mmdeploy {

// A tensor (outer, length, inner) whose lines run along its middle axis.
struct Lines {
  int64_t outer;
  int64_t length;
  int64_t inner;
};

// Calls run(offset, count) for groups of `count` neighbouring lines, the first of which begins at `offset`;
// elements of a line are `inner` apart.
template <class Run>
void ForEachLines(const Lines& lines, const ParallelFor& parallel_for, const Run& run) {
  constexpr int64_t kLinesPerGroup = 256;
  constexpr int64_t kElementsPerItem = 1 << 14;  // less does not pay for the hand-over to a thread
  if (lines.outer == 0 || lines.length == 0 || lines.inner == 0) return;
  const int64_t groups_per_outer = (lines.inner + kLinesPerGroup - 1) / kLinesPerGroup;
  const int64_t groups = lines.outer * groups_per_outer;
  const int64_t group_size = lines.length * std::min(lines.inner, kLinesPerGroup);
  const int64_t groups_per_item = std::max<int64_t>(1, kElementsPerItem / group_size);
  RunWorkItems(parallel_for, (groups + groups_per_item - 1) / groups_per_item, [&](int64_t item) {
    const int64_t end = std::min(groups, (item + 1) * groups_per_item);
    for (int64_t group = item * groups_per_item; group < end; ++group) {
      const int64_t first = group % groups_per_outer * kLinesPerGroup;
      run(group / groups_per_outer * lines.length * lines.inner + first,
          std::min(kLinesPerGroup, lines.inner - first));
    }
  });
}

}  // namespace roiops::mmdeploy

#endif  // ROIOPS_MMDEPLOY_CUMULATIVE_LINES_H_
