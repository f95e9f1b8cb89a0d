"""roiops::HeatmapsToKeypoints."""

from __future__ import annotations

from roiops.operators import _boxes
from roiops.operators._operator import FEATURE_TYPES, ByAttribute, Input, Operator, Output, TypeVariable
from roiops.operators._parameters import Choice

HEATMAPS_TO_KEYPOINTS = Operator(
    name="HeatmapsToKeypoints",
    doc="Finds the peak of every heatmap, upsampled to the size of its box.",
    inputs=(
        Input("maps", "T", ("K", "P", "h", "w"), "Heatmaps (K, P, h, w).", role="features"),
        Input(
            "rois",
            "B",
            ("K", 4),
            "Boxes (K, 4), x1 y1 x2 y2 in image pixels: type T, or float with 16-bit T.",
            role="boxes",
        ),
    ),
    outputs=(
        Output(
            "keypoints",
            "B",
            ByAttribute("convention", {"torchvision": ("K", "P", 3), "detectron2": ("K", "P", 4)}),
            "x, y and 1 (K, P, 3); or x, y, value and score (K, P, 4).",
        ),
        Output("scores", "B", ("K", "P"), "Value of the peak, or Detectron2's score (K, P)."),
    ),
    types=(TypeVariable("T", FEATURE_TYPES, "Heatmaps."), _boxes.TYPES[1]),
    parameters=(
        Choice(
            "convention",
            "Whose result: torchvision or detectron2.",
            "torchvision",
            choices=("torchvision", "detectron2"),
        ),
    ),
)
