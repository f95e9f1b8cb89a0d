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

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from roiops import _checks

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
    graph = _LevelGraph(levels)
    ratio = graph.relative_size(graph.area(boxes), _size(canonical_size, "canonical_size"))
    level = graph.add(graph.add(graph.log2(ratio), _level(canonical_level, "canonical_level")), 1e-6)
    return graph.finish(level, *_range(min_level, max_level))


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
    graph = _LevelGraph(levels)
    ratio = graph.relative_size(graph.area(boxes), _size(canonical_size, "canonical_size"))
    level = graph.add(graph.log2(graph.add(ratio, 1e-8)), _level(canonical_level, "canonical_level"))
    return graph.finish(level, *_range(min_level, max_level))


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
    graph = _LevelGraph(levels)
    ratio = graph.relative_size(graph.area(boxes), _size(finest_scale, "finest_scale"))
    maps = _checks.integer(num_levels, "num_levels", 1, _FINITE_MAX)
    return graph.finish(graph.log2(graph.add(ratio, 1e-6)), 0, maps - 1)


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
    graph = _LevelGraph(levels)
    area = graph.area(boxes, extra=1.0 if pixel_offset else 0.0, inverted_is_zero=True)
    ratio = graph.relative_size(area, _size(refer_scale, "refer_scale"))
    level = graph.add(graph.log2(graph.add(ratio, 1e-6)), _level(refer_level, "refer_level"))
    return graph.finish(level, *_range(min_level, max_level))


class _LevelGraph:
    """Collects nodes; every method returns the name of the value it adds."""

    def __init__(self, output: str):
        self.output = _checks.value_name(output, "levels")
        self.nodes: list[onnx.NodeProto] = []

    def area(self, boxes: str, extra: float = 0.0, inverted_is_zero: bool = False) -> str:
        """Width times height, 0 where that is negative or NaN."""
        boxes = self._cast(_checks.value_name(boxes, "boxes"), TensorProto.FLOAT)
        corner = [self._constant([i], np.int64) for i in (0, 2, 4, 1)]
        sides = self._op(
            "Sub",
            self._op("Slice", boxes, corner[1], corner[2], corner[3]),
            self._op("Slice", boxes, corner[0], corner[1], corner[3]),
        )
        measured = self.add(sides, extra) if extra else sides
        width, height = (self._op("Gather", measured, self._constant(i, np.int64), axis=1) for i in (0, 1))
        area = self._op("Mul", width, height)
        zero = self._constant(0.0)
        valid = self._op("Greater", area, zero)
        if inverted_is_zero:
            upright = self._op("Not", self._op("Less", sides, zero))
            columns = (self._op("Gather", upright, self._constant(i, np.int64), axis=1) for i in (0, 1))
            valid = self._op("And", valid, self._op("And", *columns))
        return self._op("Where", valid, area, zero)

    # The frameworks round sqrt and log2 correctly to float32. ONNX Runtime's float32 Sqrt does not on every
    # version, and Log / ln(2) in float32 misses the integers at powers of two: both are taken in float64.

    def relative_size(self, area: str, size: float) -> str:
        root = self._op("Sqrt", self._cast(area, TensorProto.DOUBLE))
        return self._op("Div", self._cast(root, TensorProto.FLOAT), self._constant(size))

    def log2(self, value: str) -> str:
        log = self._op("Log", self._cast(value, TensorProto.DOUBLE))
        return self._cast(self._op("Div", log, self._constant(math.log(2), np.float64)), TensorProto.FLOAT)

    def add(self, value: str, constant: float) -> str:
        return self._op("Add", value, self._constant(constant))

    def finish(self, level: str, low: int, high: int) -> list[onnx.NodeProto]:
        clamped = self._op("Clip", self._op("Floor", level), self._constant(low), self._constant(high))
        from_zero = self._op("Sub", clamped, self._constant(low))
        self.nodes.append(helper.make_node("Cast", [from_zero], [self.output], to=TensorProto.INT64))
        return self.nodes

    def _cast(self, value: str, element_type: int) -> str:
        return self._op("Cast", value, to=element_type)

    def _op(self, op_type: str, *inputs: str, **attributes) -> str:
        name = f"{self.output}/{op_type}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op_type, inputs, [name], name=name, **attributes))
        return name

    def _constant(self, value, dtype: type = np.float32) -> str:
        return self._op("Constant", value=numpy_helper.from_array(np.array(value, dtype)))


def _size(value: float, name: str) -> float:
    return _checks.spatial_scale(value, name)


def _level(value: int, name: str) -> int:
    return _checks.integer(value, name, -_FINITE_MAX, _FINITE_MAX)


def _range(low: int, high: int) -> tuple[int, int]:
    low = _level(low, "min_level")
    return low, _checks.integer(high, "max_level", low, _FINITE_MAX)
