"""The operators written for reading: float64 NumPy, the oracle of the test suite; one file for each."""

from __future__ import annotations

from roiops.reference._box_iou_rotated import box_iou_rotated
from roiops.reference._heatmaps_to_keypoints import heatmaps_to_keypoints
from roiops.reference._multi_scale_roi_align import multiscale_roi_align
from roiops.reference._multi_scale_roi_align_rotated import multiscale_roi_align_rotated
from roiops.reference._nms_rotated import nms_rotated
from roiops.reference._paste_masks import paste_masks
from roiops.reference._roi_align import roi_align
from roiops.reference._roi_align_rotated import roi_align_rotated
from roiops.reference._roi_pool import roi_pool

__all__ = [
    "box_iou_rotated",
    "heatmaps_to_keypoints",
    "multiscale_roi_align",
    "multiscale_roi_align_rotated",
    "nms_rotated",
    "paste_masks",
    "roi_align",
    "roi_align_rotated",
    "roi_pool",
]
