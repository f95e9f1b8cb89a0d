"""What operators on rotated boxes have in common."""

from __future__ import annotations

from dataclasses import replace

from roiops.operators import _boxes
from roiops.operators._operator import FEATURE_TYPES, TypeVariable
from roiops.operators._parameters import Choice, Flag

BOXES = replace(
    _boxes.BOXES,
    shape=("K", 5),
    doc="Boxes (K, 5), cx cy w h in image pixels and an angle: type T, or float with 16-bit T.",
)
SAMPLING_RATIO = replace(
    _boxes.SAMPLING_RATIO,
    doc="Samples per bin and axis, at most 1024; <= 0: ceil(box size / output size).",
    high=1024,
)
ANGLE_UNIT = Choice("angle_unit", "What angles are in.", "radians", choices=("radians", "degrees"))
POOLED_PARAMETERS = (
    SAMPLING_RATIO,
    _boxes.ALIGNED,
    Flag("clockwise", "1: angles turn x towards y, which points down; 0: the other way.", False),
    ANGLE_UNIT,
    _boxes.MODE,
    _boxes.BATCH_FORMAT,
)

CLOCKWISE = Flag("clockwise", "1: angles turn x towards y, which points down; 0: the other way.", True)
TYPES = (TypeVariable("T", FEATURE_TYPES, "Boxes and what goes with them."),)
