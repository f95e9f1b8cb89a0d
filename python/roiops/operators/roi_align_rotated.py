"""roiops::RoiAlignRotated."""

from __future__ import annotations

from roiops.operators import _boxes, _rotated
from roiops.operators._operator import Operator

ROI_ALIGN_ROTATED = Operator(
    name="RoiAlignRotated",
    doc="Pools every rotated box of a feature map into a grid of bins by bilinear sampling.",
    inputs=(_boxes.FEATURES, _rotated.BOXES, _boxes.BATCH),
    outputs=(_boxes.POOLED,),
    types=_boxes.TYPES,
    parameters=(_boxes.OUTPUT_SIZE, _boxes.SPATIAL_SCALE, *_rotated.POOLED_PARAMETERS),
)
