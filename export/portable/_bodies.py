"""The operators that have a body of standard operators."""

from __future__ import annotations

from roiops.export.portable import _heatmaps_to_keypoints, _paste_masks, _roi_align
from roiops.export.portable._body import Body
from roiops.operators import HEATMAPS_TO_KEYPOINTS, MULTI_SCALE_ROI_ALIGN, PASTE_MASKS, ROI_ALIGN

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
