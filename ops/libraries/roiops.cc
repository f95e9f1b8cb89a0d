// libroiops: the operators of the domain "roiops".

#include "ort/library.h"
#include "roi_align/ops.h"

const roiops::ort::Library roiops::ort::kLibrary = {
    "roiops",
    {
        AddRoiAlign,
        AddMultiScaleRoiAlign,
    },
};
