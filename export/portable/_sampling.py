"""Where the samples of every bin lie, traced into ONNX nodes: `roiops.reference` for all boxes at once.

Quantities of an axis are held for both axes, (K, 2) in the order y, x. What differs from bin to bin is
(K, B), where B counts the bins of the y axis and then those of the x axis.

How many samples a bin has and which of them are inside the map is decided in ``real``, the arithmetic of the
boxes; positions are float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from roiops.export._tracer import BOOL, DOUBLE, INT64, Tracer, Value

_MOST_SAMPLES = 2.0**31 - 1
_SMALLEST_SPACING = 1e-30  # samples of an empty box coincide; a spacing of 0 would divide 0 by 0


class Bins:
    """The attributes of the node that decide about samples, and the bins of both axes in one row."""

    def __init__(self, t: Tracer, attributes: Mapping[str, Value]):
        self.height = attributes["output_height"].reshape(1)
        self.width = attributes["output_width"].reshape(1)
        self.ratio = attributes["sampling_ratio"]
        self.aligned = attributes["aligned"]
        self.per_axis = t.concat(self.height, self.width, axis=0)
        index = t.arange((self.height + self.width).reshape())
        self.axis = (index >= self.height).cast(INT64)
        self.number = index - self.axis * self.height

    def spread(self, per_axis: Value) -> Value:
        """Repeat what each axis has, (K, 2), for each of its bins: (K, B)."""
        return per_axis.take(self.axis, axis=1)


class Boxes(NamedTuple):
    """The boxes and the map of each; one row instead of K stands for all boxes."""

    lo: Value  # (K, 2)
    hi: Value  # (K, 2)
    scale: Value  # (K or 1, 1)
    extent: Value  # (K or 1, 2) height and width of the map


class Samples(NamedTuple):
    """The samples inside the map, in ascending order, and the pixels they touch."""

    first: Value  # (K, B) position of the first one
    spacing: Value  # (K, B)
    inside: Value  # (K, B) how many there are
    grid: Value  # (K, B) how many the bin has with those outside, at least 1
    window_start: Value  # (K, 2) int64, first pixel
    window_last: Value  # (K, 2) int64, last pixel


def sample(t: Tracer, boxes: Boxes, bins: Bins, real: int) -> Samples:
    """Trace the samples of all boxes; K must not be 0."""
    start, size = _geometry(t, boxes, bins, real)
    grid = bins.spread(_samples_per_bin(t, size, bins))
    low, high = _inside(t, bins.spread(start), bins.spread(size), grid, bins, bins.spread(boxes.extent))
    inside = high - low

    start, size = _geometry(t, boxes, bins, DOUBLE)
    end = start + size * bins.per_axis.cast(DOUBLE)
    start_bins, size_bins, grid = bins.spread(start), bins.spread(size), grid.at_least(1.0)
    lowest = t.where(size_bins < 0.0, high - 1.0, low)
    first = _position(start_bins, size_bins, grid, bins.number, lowest, DOUBLE)
    spacing = t.op("Abs", size_bins) / grid
    some = inside > 0.0
    return Samples(
        t.where(some, first, 0.0),
        t.where(some, spacing, 0.0).at_least(_SMALLEST_SPACING),
        inside,
        grid,
        _pixel(t, start.at_most(end), boxes.extent),
        _pixel(t, start.at_least(end) + 1.0, boxes.extent),
    )


def _geometry(t: Tracer, boxes: Boxes, bins: Bins, real: int) -> tuple[Value, Value]:
    """Return where the first bin starts and how long a bin is, both (K, 2) in pixels of the map."""
    scale, offset = boxes.scale.cast(real), bins.aligned.cast(real) * 0.5
    start = boxes.lo.cast(real) * scale - offset
    size = boxes.hi.cast(real) * scale - offset - start
    size = t.where(bins.aligned.cast(BOOL), size, size.at_least(1.0))
    return start, size / bins.per_axis.cast(real)


def _samples_per_bin(t: Tracer, size: Value, bins: Bins) -> Value:
    adaptive = t.op("Ceil", size).cast(DOUBLE)
    wanted = t.op("Where", bins.ratio > 0, bins.ratio.cast(DOUBLE), adaptive, dtype=DOUBLE)
    return t.where(wanted > 0.0, wanted.at_most(_MOST_SAMPLES), 0.0)


def _position(start: Value, size: Value, grid: Value, p: Value, i: Value, real: int) -> Value:
    """Return the position of sample ``i`` of bin ``p``; the order of operations is part of the definition."""
    return start + p.cast(real) * size + (i.cast(real) + 0.5) * size / grid.cast(real)


def _inside(
    t: Tracer, start: Value, size: Value, grid: Value, bins: Bins, extent: Value
) -> tuple[Value, Value]:
    """Return the range of the samples inside the map: positions are monotonic, so it is one."""
    real = size.dtype
    extent = extent.cast(real)
    one = t.constant(1.0, real)
    # An inverted box has descending positions; their negatives ascend, and negation is exact.
    sign = t.where(size < 0.0, one * -1.0, 1.0)
    lowest = t.where(size < 0.0, extent * -1.0, -1.0)
    highest = t.where(size < 0.0, one, extent)

    def ascending(i: Value) -> Value:
        return _position(start, size, grid, bins.number, i, real) * sign

    return (
        _first(t, lambda i: ascending(i) >= lowest, grid),
        _first(t, lambda i: ascending(i) > highest, grid),
    )


def _first(t: Tracer, condition: Callable[[Value], Value], count: Value) -> Value:
    """Return the first i in [0, count) from which on a condition holds, by bisection; ``count`` if none."""

    def step(_: Value, __: Value, low: Value, high: Value) -> list[Value]:
        middle = t.op("Floor", (low + high) * 0.5)
        holds = condition(middle)
        low = t.where(holds, low, (middle + 1.0).at_most(high))
        high = t.where(holds, middle, high)
        return [t.op("ReduceMax", high - low, keepdims=0) > 0.0, low, high]

    body = t.subgraph(step, INT64, BOOL, DOUBLE, DOUBLE, scalars=2)
    steps = t.constant(32, INT64)  # enough for any count up to 2**31
    return t.op("Loop", steps, t.constant(True, BOOL), count * 0.0, count, body=body, dtype=DOUBLE, outputs=2)


def _pixel(t: Tracer, position: Value, extent: Value) -> Value:
    return t.op("Floor", position).at_most(extent.cast(DOUBLE) - 1.0).at_least(0.0).cast(INT64)
