"""roiops::PasteMasks."""

from __future__ import annotations

from roiops.operators import _boxes
from roiops.operators._operator import FEATURE_TYPES, ByAttribute, Input, Operator, Output, TypeVariable
from roiops.operators._parameters import Choice, Float

PASTE_MASKS = Operator(
    name="PasteMasks",
    doc="Pastes the mask of every box into an image of its own, which is 0 elsewhere.",
    inputs=(
        Input("masks", "T", None, "Masks (K, h, w) or (K, 1, h, w).", role="features"),
        _boxes.BOXES,
        Input("image_size", "int64", (2,), "Height and width of the images (2,)."),
    ),
    outputs=(
        Output(
            "pasted",
            "P",
            ("K", "image_height", "image_width"),
            "Images (K, height, width).",
            type_by=ByAttribute("output", {"soft": "T", "bool": "bool", "uint8": "uint8"}),
        ),
    ),
    types=(
        TypeVariable("T", FEATURE_TYPES, "Masks."),
        _boxes.TYPES[1],
        TypeVariable("P", (*FEATURE_TYPES, "bool", "uint8"), "Images; T, or what output says."),
    ),
    parameters=(
        Choice(
            "convention",
            "Whose rule: torchvision, detectron2 or mmdetection.",
            "torchvision",
            choices=("torchvision", "detectron2", "mmdetection"),
        ),
        Choice(
            "output",
            "soft: interpolated values; bool: whether they are at least threshold; uint8: 255 times them.",
            "soft",
            choices=("soft", "bool", "uint8"),
        ),
        Float("threshold", "Of output bool, at least 0.", 0.5, least=0),
    ),
)
