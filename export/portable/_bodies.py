"""The operators that have a body of standard operators, and why others have none."""

from __future__ import annotations

from roiops.export.portable import _heatmaps_to_keypoints, _paste_masks, _roi_align
from roiops.export.portable._body import Body
from roiops.operators import (
    BOX_IOU_ROTATED,
    HEATMAPS_TO_KEYPOINTS,
    MULTI_SCALE_ROI_ALIGN,
    MULTI_SCALE_ROI_ALIGN_ROTATED,
    NMS_ROTATED,
    PASTE_MASKS,
    ROI_ALIGN,
    ROI_ALIGN_ROTATED,
    ROI_POOL,
)

BODIES: dict[str, Body] = {
    ROI_ALIGN.name: Body(_roi_align.roi_align, _roi_align.USED),
    MULTI_SCALE_ROI_ALIGN.name: Body(_roi_align.multi_scale_roi_align, _roi_align.USED),
    PASTE_MASKS.name: Body(
        _paste_masks.paste_masks, ("convention", "output", "threshold"), ("convention", "output")
    ),
    HEATMAPS_TO_KEYPOINTS.name: Body(
        _heatmaps_to_keypoints.heatmaps_to_keypoints, ("convention",), ("convention",), typed_boxes=True
    ),
}

_ROTATED = "no standard operator knows rotated boxes"
WITHOUT_BODY: dict[str, str] = {
    ROI_POOL.name: (
        "the standard MaxRoiPool is no body for it: it takes its size from no other attributes, and ONNX "
        "Runtime computes it in float32 and below opset 22 only; where that is enough, keep the MaxRoiPool"
    ),
    ROI_ALIGN_ROTATED.name: _ROTATED,
    MULTI_SCALE_ROI_ALIGN_ROTATED.name: _ROTATED,
    BOX_IOU_ROTATED.name: _ROTATED,
    NMS_ROTATED.name: _ROTATED,
}
