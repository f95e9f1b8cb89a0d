"""RoIAlign for ONNX Runtime: custom operators, a NumPy library and exporter helpers."""

from __future__ import annotations

import importlib.metadata

from roiops import levels, reference
from roiops._heatmaps_to_keypoints import heatmaps_to_keypoints
from roiops._library import build_info, get_library_path, register
from roiops._overlaps_rotated import box_iou_rotated, nms_rotated
from roiops._paste_masks import paste_masks
from roiops._roi_align import RoIAlign, multiscale_roi_align, roi_align
from roiops._roi_align_rotated import roi_align_rotated
from roiops._roi_pool import roi_pool

__all__ = [
    "RoIAlign",
    "__version__",
    "box_iou_rotated",
    "build_info",
    "get_library_path",
    "heatmaps_to_keypoints",
    "levels",
    "multiscale_roi_align",
    "nms_rotated",
    "paste_masks",
    "reference",
    "register",
    "roi_align",
    "roi_align_rotated",
    "roi_pool",
]

__version__ = importlib.metadata.version("roiops")
