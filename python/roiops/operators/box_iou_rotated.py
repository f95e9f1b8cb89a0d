"""roiops::BoxIouRotated."""

from __future__ import annotations

from roiops.operators import _rotated
from roiops.operators._operator import Input, Operator, Output
from roiops.operators._parameters import Choice

BOX_IOU_ROTATED = Operator(
    name="BoxIouRotated",
    doc="The overlap of every rotated box of one list with every one of another.",
    inputs=(
        Input("a", "T", ("A", 5), "Boxes (A, 5), cx cy w h angle."),
        Input("b", "T", ("B", 5), "Boxes (B, 5)."),
    ),
    outputs=(Output("overlap", "T", ("A", "B"), "Overlaps (A, B)."),),
    types=_rotated.TYPES,
    parameters=(
        Choice(
            "mode",
            "Shared area over the union's, or over that of the box of a.",
            "iou",
            choices=("iou", "iof"),
        ),
        _rotated.CLOCKWISE,
        _rotated.ANGLE_UNIT,
    ),
)
