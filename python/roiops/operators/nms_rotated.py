"""roiops::NmsRotated."""

from __future__ import annotations

from roiops.operators import _rotated
from roiops.operators._operator import Input, Operator, Output
from roiops.operators._parameters import Choice, Flag, Float, Int, UnitFloat

NMS_ROTATED = Operator(
    name="NmsRotated",
    doc="Non-maximum suppression of rotated boxes, class by class.",
    inputs=(
        Input("boxes", "T", ("N", "B", 5), "Boxes (N, B, 5), cx cy w h angle."),
        Input("scores", "T", ("N", "C", "B"), "Scores (N, C, B)."),
    ),
    outputs=(
        Output(
            "selected",
            "int64",
            ("K", 3),
            "Image, class and box of those kept (K, 3), by image, class and descending score.",
        ),
    ),
    types=_rotated.TYPES,
    parameters=(
        UnitFloat("iou_threshold", "Boxes with a larger overlap suppress.", required=True),
        Float("score_threshold", "Scores must be greater; absent: any will do."),
        Int("max_output_boxes_per_class", "Most boxes of a class of an image; no limit when <= 0.", 0),
        Flag("inclusive", "1: boxes suppress at the threshold itself, too.", False),
        Choice(
            "iou",
            "Overlap of polygons, or of Gaussians (ProbIoU).",
            "polygon",
            choices=("polygon", "gaussian"),
        ),
        Choice(
            "suppression",
            "Kept boxes suppress (greedy), or suppressed ones, too (fast).",
            "greedy",
            choices=("greedy", "fast"),
        ),
        _rotated.CLOCKWISE,
        _rotated.ANGLE_UNIT,
    ),
)
