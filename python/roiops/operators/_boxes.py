"""What operators that pool boxes of feature maps have in common."""

from __future__ import annotations

from roiops.operators._operator import FEATURE_TYPES, INDEX_TYPES, ByAttribute, Input, Output, TypeVariable
from roiops.operators._parameters import Choice, Flag, Float, Floats, Int, Size

FEATURES = Input("X", "T", ("N", "C", "H", "W"), "Features (N, C, H, W).", role="features")
PYRAMID = Input(
    "X",
    "T",
    ("N", "C", "H_l", "W_l"),
    "Feature maps (N, C, H_l, W_l), one per level.",
    role="features",
    variadic=True,
)
BOXES = Input(
    "boxes",
    "B",
    ("K", 4),
    "Boxes (K, 4), x1 y1 x2 y2 in image pixels: type T, or float with 16-bit T.",
    role="boxes",
)
BATCH = Input(
    "batch",
    "I",
    ByAttribute("batch_format", {"boxes_num": ("N",), "batch_indices": ("K",)}),
    "Boxes per image (N,) or image of each box (K,), see batch_format.",
    role="batch",
)
LEVELS = Input("levels", "int64", ("K",), "Map of each box (K,).", role="levels")

POOLED = Output(
    "Y",
    "T",
    ("K", "C", "output_height", "output_width"),
    "Pooled boxes (K, C, output_height, output_width), in the order of the boxes.",
)

TYPES = (
    TypeVariable("T", FEATURE_TYPES, "Features and result."),
    TypeVariable("B", FEATURE_TYPES, "Boxes.", boxes_of="T"),
    TypeVariable("I", INDEX_TYPES, "Counts or indices."),
)

OUTPUT_SIZE = Size(
    "output_size",
    "Bins per axis.",
    required=True,
    height="output_height",
    width="output_width",
)
SPATIAL_SCALE = Float("spatial_scale", "Feature pixels per image pixel.", 1.0, above=0)
SPATIAL_SCALES = Floats(
    "spatial_scales", "Feature pixels per image pixel, per map.", required=True, above=0, per="feature map"
)
SAMPLING_RATIO = Int("sampling_ratio", "Samples per bin and axis; <= 0: ceil(box size / output size).", -1)
ALIGNED = Flag("aligned", "1 shifts by half a pixel; 0 makes boxes at least 1 pixel.", True)
MODE = Choice("mode", "avg, or max over the interpolated samples.", "avg", choices=("avg", "max"))
BATCH_FORMAT = Choice(
    "batch_format",
    "boxes_num or batch_indices.",
    "boxes_num",
    choices=("boxes_num", "batch_indices"),
)
