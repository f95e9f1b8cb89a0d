// libroiops: the operators of the domain "roiops".

#include "box_iou_rotated/ops.h"
#include "heatmaps_to_keypoints/ops.h"
#include "nms_rotated/ops.h"
#include "ort/library.h"
#include "paste_masks/ops.h"
#include "roi_align/ops.h"
#include "roi_align_rotated/ops.h"
#include "roi_pool/ops.h"

const roiops::ort::Library roiops::ort::kLibrary = {
    {
        "roiops",
        {
            AddRoiAlign,
            AddMultiScaleRoiAlign,
            AddRoiPool,
            AddPasteMasks,
            AddHeatmapsToKeypoints,
            AddRoiAlignRotated,
            AddMultiScaleRoiAlignRotated,
            AddBoxIouRotated,
            AddNmsRotated,
        },
    },
};
