"""The table of operators: what each takes, gives and can be told, said once.

Schemas, builders of nodes and models, the one-node sessions of the NumPy functions, argument checks, the
``torch.library`` operators and the readers of attributes are derived from it. NumPy is all it needs.
"""

from __future__ import annotations

from roiops.operators._operator import DOMAIN, VERSION, Operator
from roiops.operators.box_iou_rotated import BOX_IOU_ROTATED
from roiops.operators.heatmaps_to_keypoints import HEATMAPS_TO_KEYPOINTS
from roiops.operators.multi_scale_roi_align import MULTI_SCALE_ROI_ALIGN
from roiops.operators.multi_scale_roi_align_rotated import MULTI_SCALE_ROI_ALIGN_ROTATED
from roiops.operators.nms_rotated import NMS_ROTATED
from roiops.operators.paste_masks import PASTE_MASKS
from roiops.operators.roi_align import ROI_ALIGN
from roiops.operators.roi_align_rotated import ROI_ALIGN_ROTATED
from roiops.operators.roi_pool import ROI_POOL

__all__ = [
    "BOX_IOU_ROTATED",
    "DOMAIN",
    "HEATMAPS_TO_KEYPOINTS",
    "MULTI_SCALE_ROI_ALIGN",
    "MULTI_SCALE_ROI_ALIGN_ROTATED",
    "NMS_ROTATED",
    "OPERATORS",
    "PASTE_MASKS",
    "ROI_ALIGN",
    "ROI_ALIGN_ROTATED",
    "ROI_POOL",
    "VERSION",
    "Operator",
]

OPERATORS = {
    operator.name: operator
    for operator in (
        ROI_ALIGN,
        MULTI_SCALE_ROI_ALIGN,
        ROI_POOL,
        PASTE_MASKS,
        HEATMAPS_TO_KEYPOINTS,
        ROI_ALIGN_ROTATED,
        MULTI_SCALE_ROI_ALIGN_ROTATED,
        BOX_IOU_ROTATED,
        NMS_ROTATED,
    )
}
