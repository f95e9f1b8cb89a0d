// How boxes are pooled whose bins are products of an interval of rows and one of columns.

#ifndef ROIOPS_POOLING_OPTIONS_H_
#define ROIOPS_POOLING_OPTIONS_H_

#include "axis/tap.h"
#include "roi/feature_map.h"

namespace roiops {

// A Rule is the geometry of one axis. Rule::Axis<A>(low, high, scale, bins, extent, rule) are the bins of a
// box along an axis, in the arithmetic A, and these functions say what is in them:
//
//   ForEachBinTap(axis, bin, pooling, add_tap, end_sample)    the bin's samples and their taps
//   ForEachExtremeSample(axis, bin, pooling, visit)           its samples for a maximum
//   ForEachAverageTap(axis, bin, visit)                       its taps for an average, if Axis::kAverages
//   CapacityOf(axis, pooling)                                 the most of both that a bin has
//   MostRuns(rule, extent, bins)                              the most pairs of neighbouring pixels of all
//   bins
//
// axis/sampling.h and axis/bin_taps.h have them for RoIAlign.
template <class Rule>
struct PoolOptions {
  OutputSize output;
  Rule rule;
  Pooling pooling;
};

}  // namespace roiops

#endif  // ROIOPS_POOLING_OPTIONS_H_
