"""roiops::RoiPool."""

from __future__ import annotations

from roiops.operators import _boxes
from roiops.operators._operator import Operator

ROI_POOL = Operator(
    name="RoiPool",
    doc="Pools every box of a feature map into a grid of bins of whole pixels; a bin is its largest pixel.",
    inputs=(_boxes.FEATURES, _boxes.BOXES, _boxes.BATCH),
    outputs=(_boxes.POOLED,),
    types=_boxes.TYPES,
    parameters=(_boxes.OUTPUT_SIZE, _boxes.SPATIAL_SCALE, _boxes.BATCH_FORMAT),
)
