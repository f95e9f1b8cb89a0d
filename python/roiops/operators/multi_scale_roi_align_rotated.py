"""roiops::MultiScaleRoiAlignRotated."""

from __future__ import annotations

from roiops.operators import _boxes, _rotated
from roiops.operators._operator import Operator

MULTI_SCALE_ROI_ALIGN_ROTATED = Operator(
    name="MultiScaleRoiAlignRotated",
    doc="RoiAlignRotated over a pyramid of feature maps: levels names the map of every box.",
    inputs=(_rotated.BOXES, _boxes.BATCH, _boxes.LEVELS, _boxes.PYRAMID),
    outputs=(_boxes.POOLED,),
    types=_boxes.TYPES,
    parameters=(_boxes.OUTPUT_SIZE, _boxes.SPATIAL_SCALES, *_rotated.POOLED_PARAMETERS),
)
