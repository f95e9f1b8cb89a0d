"""HeatmapsToKeypoints as a function of standard operators.

Boxes are upsampled one by one, since their sizes differ: ``rows @ map @ columns``, where a pixel has four
weights along each axis. Other than the kernel, this holds the upsampled maps of a box.
"""

from __future__ import annotations

import onnx

from roiops.export._tracer import INT64, Tracer, Value
from roiops.export.portable._body import WHEN_MAPS_FAIL, Target, accumulator_of, finite_rows, function
from roiops.operators import HEATMAPS_TO_KEYPOINTS

_LARGEST_SIDE = 65536.0
_A = -0.75  # PyTorch's bicubic interpolation


def heatmaps_to_keypoints(target: Target) -> onnx.FunctionProto:
    """Return the body of ``roiops::HeatmapsToKeypoints``."""
    t = Tracer()
    maps, rois = t.value(target.types["features"], "maps"), t.value(target.types["boxes"], "rois")
    real = accumulator_of(maps.dtype)
    boxes = rois.cast(real)
    keypoints = maps.shape().slice(1, 2)

    def found() -> list[Value]:
        index, body = _index(t, maps, boxes), t.subgraph(of_box, INT64, real, rank=2)
        return [t.op("Scan", index, boxes, body=body, num_scan_inputs=2, dtype=real, name=WHEN_MAPS_FAIL)]

    def of_box(k: Value, box: Value) -> list[Value]:
        return [_find(t, maps.take(k).cast(real), box, target.choices["convention"])]

    def empty() -> list[Value]:
        shape = t.concat(boxes.shape().slice(0, 1), keypoints, t.constant([4], INT64), axis=0)
        return [t.op("ConstantOfShape", shape, dtype=1).cast(real)]

    some = (boxes.shape().slice(0, 1) * keypoints).reshape() > 0
    branches = {"then_branch": t.subgraph(found), "else_branch": t.subgraph(empty)}
    points = t.op("If", some, dtype=real, **branches)
    columns = 3 if target.choices["convention"] == "torchvision" else 4
    outputs = [
        t.op("Cast", value, dtype=rois.dtype, to=rois.dtype)
        for value in (points.slice(0, columns, axis=2), points.take(3, axis=2))
    ]
    return function(t, HEATMAPS_TO_KEYPOINTS, [maps, rois], outputs, target.opset)


def _index(t: Tracer, maps: Value, boxes: Value) -> Value:
    """Return the maps of each box (K,), out of range where the box or the maps are wrong."""
    count, shape = boxes.shape().take(0), maps.shape()
    sides = boxes.slice(2, 4, axis=1) - boxes.slice(0, 2, axis=1)
    low, high = (sides.slice(i, i + 1, axis=1) <= _LARGEST_SIDE for i in range(2))
    valid = finite_rows(t, boxes).reshape(-1) & low.reshape(-1) & high.reshape(-1)
    valid = valid & shape.take(0).equals(count) & (t.op("Size", maps, dtype=INT64) > 0)
    return t.where(valid, t.arange(count), shape.take(0))


def _find(t: Tracer, maps: Value, box: Value, convention: str) -> Value:
    """Return x, y, third number and score of the peaks of a box, (P, 4); ``maps`` is (P, h, w)."""
    axes = [_Axis(t, box.take(1 - i), box.take(3 - i), maps.shape().take(i + 1)) for i in range(2)]
    rows, columns = axes[0].weights((-1, 1), (1, -1)), axes[1].weights((1, -1), (-1, 1))
    upsampled = t.op("MatMul", t.op("MatMul", rows, maps), columns).reshape(0, -1)
    pixel = t.op("ArgMax", upsampled, dtype=INT64, axis=1, keepdims=1)
    peak = t.op("GatherElements", upsampled, pixel, axis=1)
    row = pixel / axes[1].upsampled
    y, x = axes[0].in_image(row), axes[1].in_image(pixel - row * axes[1].upsampled)
    if convention == "torchvision":
        return t.concat(x, y, x * 0.0 + 1.0, peak, axis=1)
    exponentials = t.op("Exp", maps.reshape(0, -1) - peak)
    ones = t.arange(exponentials.shape().take(1)).reshape(-1, 1).cast(maps.dtype) * 0.0 + 1.0
    score = t.op("Reciprocal", t.op("MatMul", exponentials, ones))
    return t.concat(x, y, peak, score, axis=1)


class _Axis:
    """An axis of a box, upsampled: positions in the arithmetic of the box, as in ``roiops.reference``."""

    def __init__(self, t: Tracer, low: Value, high: Value, size: Value):
        self._t, self._low, self._size = t, low, size
        side = (high - low).at_least(1.0)
        upsampled = t.op("Ceil", side)
        self.upsampled = upsampled.cast(INT64)
        self._scale = side / upsampled
        self._position = size.cast(low.dtype) / upsampled * (self._centre(t.arange(self.upsampled))) - 0.5

    def in_image(self, pixel: Value) -> Value:
        """Return where a pixel of the upsampled axis is in the image."""
        return self._centre(pixel) * self._scale + self._low

    def weights(self, pixels: tuple[int, int], map_pixels: tuple[int, int]) -> Value:
        """Return the weight of each pixel of the map in each upsampled one, as a matrix of this layout."""
        t, position = self._t, self._position.reshape(*pixels)
        last = self._size.cast(position.dtype) - 1.0
        base = t.op("Floor", position).at_most(last)
        fraction = (position - base).at_most(1.0)
        opposite = fraction * -1.0
        index = t.arange(self._size).cast(position.dtype).reshape(*map_pixels)
        taps = (_far(fraction + 1.0), _near(fraction), _near(opposite + 1.0), _far(opposite + 2.0))
        parts = [
            t.where((base + (tap - 1.0)).at_least(0.0).at_most(last).equals(index), weight, 0.0)
            for tap, weight in enumerate(taps)
        ]
        return parts[0] + parts[1] + parts[2] + parts[3]

    def _centre(self, pixel: Value) -> Value:
        return pixel.cast(self._low.dtype) + 0.5


def _near(x: Value) -> Value:
    return (x * (_A + 2) - (_A + 3)) * x * x + 1.0


def _far(x: Value) -> Value:
    return ((x * _A - 5 * _A) * x + 8 * _A) * x - 4 * _A
