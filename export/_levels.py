"""The pyramid level of each box, in standard ONNX nodes; the rules are in roiops._level_rules.

The nodes need standard opset 11 or newer.
"""

from __future__ import annotations

import math

import onnx

from roiops import _level_rules, _values
from roiops.export._tracer import DOUBLE, FLOAT, INT64, UNKNOWN, Tracer, Value


def make_torchvision_level_nodes(
    boxes: str,
    levels: str,
    *,
    min_level: int = 2,
    max_level: int = 5,
    canonical_size: float = 224,
    canonical_level: int = 4,
) -> list[onnx.NodeProto]:
    """Write the rule of torchvision's ``LevelMapper``, whose levels are -log2 of the first and last scale.

    Args:
        boxes: value name of the boxes (K, 4), any floating type; computed in float32.
        levels: value name of the result (K,) int64; also the prefix of the values in between.
        min_level: pyramid level of the finest map.
        max_level: pyramid level of the coarsest map.
        canonical_size: side of a box, in pixels, that belongs to ``canonical_level``.
        canonical_level: pyramid level of such a box.

    Returns:
        The nodes, in topological order.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    return _level_rules.torchvision(
        _Traced(boxes, levels), min_level, max_level, canonical_size, canonical_level
    )


def make_detectron2_level_nodes(
    boxes: str,
    levels: str,
    *,
    min_level: int = 2,
    max_level: int = 5,
    canonical_size: float = 224,
    canonical_level: int = 4,
) -> list[onnx.NodeProto]:
    """Write Detectron2's ``assign_boxes_to_levels``; see `make_torchvision_level_nodes` for the arguments."""
    return _level_rules.detectron2(
        _Traced(boxes, levels), min_level, max_level, canonical_size, canonical_level
    )


def make_mmdet_level_nodes(
    boxes: str, levels: str, *, num_levels: int = 4, finest_scale: float = 56
) -> list[onnx.NodeProto]:
    """Write mmdetection's ``SingleRoIExtractor.map_roi_levels``.

    Args:
        boxes: as in `make_torchvision_level_nodes`.
        levels: as in `make_torchvision_level_nodes`.
        num_levels: number of feature maps.
        finest_scale: side, in pixels, below twice of which a box belongs to the finest map.

    Returns:
        The nodes, in topological order.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    return _level_rules.mmdet(_Traced(boxes, levels), num_levels, finest_scale)


def make_paddle_level_nodes(
    boxes: str,
    levels: str,
    *,
    min_level: int = 2,
    max_level: int = 5,
    refer_level: int = 4,
    refer_scale: float = 224,
    pixel_offset: bool = False,
) -> list[onnx.NodeProto]:
    """Write the level rule of Paddle's ``distribute_fpn_proposals``, as its CPU kernel computes it.

    Args:
        boxes: as in `make_torchvision_level_nodes`.
        levels: as in `make_torchvision_level_nodes`.
        min_level: pyramid level of the finest map.
        max_level: pyramid level of the coarsest map.
        refer_level: pyramid level of a box of side ``refer_scale``.
        refer_scale: side in pixels.
        pixel_offset: boxes include their last pixel, so width and height are one more.

    Returns:
        The nodes, in topological order.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    return _level_rules.paddle(
        _Traced(boxes, levels), min_level, max_level, refer_level, refer_scale, pixel_offset
    )


class _Traced:
    """The arithmetic of the rules on values that are being traced; see `roiops._level_rules.Arithmetic`.

    The frameworks round sqrt and log2 correctly to float32. ONNX Runtime's float32 Sqrt does not on every
    version, and Log / ln(2) in float32 misses the integers at powers of two: both are taken in float64.
    """

    def __init__(self, boxes: str, levels: str):
        self._name = _values.value_name(levels, "levels")
        self._t = Tracer(prefix=f"{levels}/")
        self._boxes = self._t.value(UNKNOWN, _values.value_name(boxes, "boxes"))

    def relative_size(self, size: float, extra: float = 0.0, inverted_is_zero: bool = False) -> Value:
        t, boxes = self._t, self._boxes.cast(FLOAT)
        sides = boxes.slice(2, 4, axis=1) - boxes.slice(0, 2, axis=1)
        measured = sides + extra if extra else sides
        area = measured.take(0, axis=1) * measured.take(1, axis=1)
        valid = area > 0.0
        if inverted_is_zero:
            upright = t.op("Not", sides < 0.0)
            valid = valid & (upright.take(0, axis=1) & upright.take(1, axis=1))
        root = t.op("Sqrt", t.where(valid, area, 0.0).cast(DOUBLE))
        return root.cast(FLOAT) / size

    def log2(self, value: Value) -> Value:
        return (self._t.op("Log", value.cast(DOUBLE)) / math.log(2)).cast(FLOAT)

    def levels(self, value: Value, low: int, high: int) -> list[onnx.NodeProto]:
        """Return the nodes of the rule."""
        clamped = self._t.op("Clip", self._t.op("Floor", value), float(low), float(high))
        (clamped - float(low)).cast(INT64).rename(self._name)
        return self._t.nodes
