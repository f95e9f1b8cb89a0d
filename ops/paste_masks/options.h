// The node's attributes.

#ifndef ROIOPS_PASTE_MASKS_OPTIONS_H_
#define ROIOPS_PASTE_MASKS_OPTIONS_H_

#include "paste_masks/axis.h"

namespace roiops {

enum class PasteOutput {
  kSoft,    // interpolated values, of the masks' type
  kBinary,  // 1 where the value is at least the threshold, else 0
  kBytes,   // 255 times the value, without its fraction, in [0, 255]; 0 where there is no number
};

struct PasteOptions {
  PasteConvention convention;
  PasteOutput output;
  float threshold;
};

}  // namespace roiops

#endif  // ROIOPS_PASTE_MASKS_OPTIONS_H_
