"""The pyramid level of each box, in standard ONNX nodes, by the exact formula of each framework.

Every helper maps boxes (K, 4) in image pixels to levels (K,) int64 counted from 0, the finest map. With
``s = sqrt(width * height)`` in float32:

- torchvision: ``floor(canonical_level + log2(s / canonical_size) + 1e-6)``
- Detectron2: ``floor(canonical_level + log2(s / canonical_size + 1e-8))``
- mmdetection: ``floor(log2(s / finest_scale + 1e-6))``
- Paddle (CPU): ``floor(refer_level + log2(s / refer_scale + 1e-6))``, an inverted box has area 0

Each is clamped to the pyramid. A negative or NaN area, where the frameworks convert a NaN to an integer,
counts as 0, so the box goes to the finest map. The nodes need standard opset 11 or newer.
"""

from __future__ import annotations

import math

import onnx

from roiops import _values
from roiops.export._tracer import DOUBLE, FLOAT, INT64, UNKNOWN, Tracer, Value

_FINITE_MAX = 1 << 20  # far above any number of levels, far below where float32 skips integers


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
    t = _tracer(levels)
    ratio = _relative_size(t, _area(t, boxes), _size(canonical_size, "canonical_size"))
    level = _log2(t, ratio) + _level(canonical_level, "canonical_level") + 1e-6
    return _finish(t, level, *_range(min_level, max_level), levels)


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
    t = _tracer(levels)
    ratio = _relative_size(t, _area(t, boxes), _size(canonical_size, "canonical_size"))
    level = _log2(t, ratio + 1e-8) + _level(canonical_level, "canonical_level")
    return _finish(t, level, *_range(min_level, max_level), levels)


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
    t = _tracer(levels)
    ratio = _relative_size(t, _area(t, boxes), _size(finest_scale, "finest_scale"))
    maps = _values.integer(num_levels, "num_levels", 1, _FINITE_MAX)
    return _finish(t, _log2(t, ratio + 1e-6), 0, maps - 1, levels)


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
    if not isinstance(pixel_offset, bool):
        raise TypeError(f"pixel_offset: expected a bool, got {type(pixel_offset).__name__}")
    t = _tracer(levels)
    area = _area(t, boxes, extra=1.0 if pixel_offset else 0.0, inverted_is_zero=True)
    ratio = _relative_size(t, area, _size(refer_scale, "refer_scale"))
    level = _log2(t, ratio + 1e-6) + _level(refer_level, "refer_level")
    return _finish(t, level, *_range(min_level, max_level), levels)


def _area(t: Tracer, boxes: str, extra: float = 0.0, inverted_is_zero: bool = False) -> Value:
    """Width times height, 0 where that is negative or NaN."""
    corners = t.value(UNKNOWN, _values.value_name(boxes, "boxes")).cast(FLOAT)
    sides = corners.slice(2, 4, axis=1) - corners.slice(0, 2, axis=1)
    measured = sides + extra if extra else sides
    area = measured.take(0, axis=1) * measured.take(1, axis=1)
    valid = area > 0.0
    if inverted_is_zero:
        upright = t.op("Not", sides < 0.0)
        valid = valid & (upright.take(0, axis=1) & upright.take(1, axis=1))
    return t.where(valid, area, 0.0)


# The frameworks round sqrt and log2 correctly to float32. ONNX Runtime's float32 Sqrt does not on every
# version, and Log / ln(2) in float32 misses the integers at powers of two: both are taken in float64.


def _relative_size(t: Tracer, area: Value, size: float) -> Value:
    return t.op("Sqrt", area.cast(DOUBLE)).cast(FLOAT) / size


def _log2(t: Tracer, value: Value) -> Value:
    return (t.op("Log", value.cast(DOUBLE)) / math.log(2)).cast(FLOAT)


def _finish(t: Tracer, level: Value, low: int, high: int, name: str) -> list[onnx.NodeProto]:
    clamped = t.op("Clip", t.op("Floor", level), float(low), float(high))
    (clamped - float(low)).cast(INT64).rename(name)
    return t.nodes


def _tracer(levels: str) -> Tracer:
    return Tracer(prefix=f"{_values.value_name(levels, 'levels')}/")


def _size(value: float, name: str) -> float:
    return _values.float32(value, name, above=0)


def _level(value: int, name: str) -> int:
    return _values.integer(value, name, -_FINITE_MAX, _FINITE_MAX)


def _range(low: int, high: int) -> tuple[int, int]:
    low = _level(low, "min_level")
    return low, _values.integer(high, "max_level", low, _FINITE_MAX)
