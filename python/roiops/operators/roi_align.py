"""roiops::RoiAlign."""

from __future__ import annotations

from roiops.operators import _boxes
from roiops.operators._operator import Operator

ROI_ALIGN = Operator(
    name="RoiAlign",
    doc="Pools every box of a feature map into a grid of bins by bilinear sampling.",
    inputs=(_boxes.FEATURES, _boxes.BOXES, _boxes.BATCH),
    outputs=(_boxes.POOLED,),
    types=_boxes.TYPES,
    parameters=(
        _boxes.OUTPUT_SIZE,
        _boxes.SPATIAL_SCALE,
        _boxes.SAMPLING_RATIO,
        _boxes.ALIGNED,
        _boxes.MODE,
        _boxes.BATCH_FORMAT,
    ),
)
