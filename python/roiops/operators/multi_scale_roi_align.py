"""roiops::MultiScaleRoiAlign."""

from __future__ import annotations

from roiops.operators import _boxes
from roiops.operators._operator import Operator

MULTI_SCALE_ROI_ALIGN = Operator(
    name="MultiScaleRoiAlign",
    doc="RoiAlign over a pyramid of feature maps: levels names the map of every box.",
    inputs=(_boxes.BOXES, _boxes.BATCH, _boxes.LEVELS, _boxes.PYRAMID),
    outputs=(_boxes.POOLED,),
    types=_boxes.TYPES,
    parameters=(
        _boxes.OUTPUT_SIZE,
        _boxes.SPATIAL_SCALES,
        _boxes.SAMPLING_RATIO,
        _boxes.ALIGNED,
        _boxes.MODE,
        _boxes.BATCH_FORMAT,
    ),
)
