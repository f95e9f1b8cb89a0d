// libroiops_override: our kernels in the place of standard operators. The standard domain is the empty
// string; an operator registered under it replaces the built-in one of that name.

#include "ort/library.h"
#include "roi_align/ops.h"
#include "roi_pool/ops.h"

const roiops::ort::Library roiops::ort::kLibrary = {
    {
        "",
        {
            AddStandardRoiAlign,
            AddMaxRoiPool,
        },
    },
};
