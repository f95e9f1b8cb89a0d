"""RoiAlign and MultiScaleRoiAlign as functions of standard operators, average pooling only.

The samples of a bin are the product of two rows of equally spaced positions, one per axis, so a pooled box is
``rows @ window @ columns``: the part of the map that the box touches between two matrices of weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx

from roiops.export._tracer import DOUBLE, FLOAT, INT64, UNKNOWN, Tracer, Value
from roiops.export.portable._body import WHEN_BOXES_FAIL, Target, accumulator_of, finite_rows, function
from roiops.export.portable._sampling import Bins, Boxes, Samples, sample
from roiops.operators import MULTI_SCALE_ROI_ALIGN, ROI_ALIGN, Operator

# What the bodies make use of.
USED = ("output_size", "spatial_scale", "spatial_scales", "sampling_ratio", "aligned", "batch_format")


def roi_align(target: Target) -> onnx.FunctionProto:
    """Return the body of ``roiops::RoiAlign``."""
    t = Tracer()
    x = t.value(target.types["features"], "X")
    boxes, batch = t.value(UNKNOWN, "boxes"), t.value(UNKNOWN, "batch")
    attributes = _attributes(t, ROI_ALIGN)
    y = _pool(t, [x], attributes["spatial_scale"], attributes, boxes, batch, None)
    return function(t, ROI_ALIGN, [x, boxes, batch], [y], target.opset)


def multi_scale_roi_align(target: Target) -> onnx.FunctionProto:
    """Return the body of ``roiops::MultiScaleRoiAlign``."""
    t = Tracer()
    boxes, batch, levels = t.value(UNKNOWN, "boxes"), t.value(UNKNOWN, "batch"), t.value(INT64, "levels")
    xs = [t.value(target.types["features"], f"X_{i}") for i in range(target.maps)]
    attributes = _attributes(t, MULTI_SCALE_ROI_ALIGN)
    y = _pool(t, xs, attributes["spatial_scales"], attributes, boxes, batch, levels)
    return function(t, MULTI_SCALE_ROI_ALIGN, [boxes, batch, levels, *xs], [y], target.opset)


def _attributes(t: Tracer, operator: Operator) -> dict[str, Value]:
    numbers = [a for p in operator.parameters if p.name in USED for a in p.attributes if a.kind != "STRING"]
    return {attribute.name: t.attribute(attribute) for attribute in numbers}


def _pool(
    t: Tracer,
    maps: list[Value],
    scales: Value,
    attributes: Mapping[str, Value],
    boxes: Value,
    batch: Value,
    levels: Value | None,
) -> Value:
    """Trace Y (K, C, height, width); ``levels`` is None when there is one map."""
    bins = Bins(t, attributes)
    channels = maps[0].shape().slice(1, 2)
    real = accumulator_of(maps[0].dtype)

    def pooled() -> list[Value]:
        found, image, level = _find(t, maps, scales, boxes, batch, levels, real)
        shape = t.concat(channels, bins.per_axis, axis=0)
        return [_pool_each(t, maps, image, level, sample(t, found, bins, real), bins, shape)]

    def empty() -> list[Value]:
        shape = t.concat(t.constant([0], INT64), channels, bins.per_axis, axis=0)
        return [t.op("ConstantOfShape", shape, dtype=FLOAT).cast(real)]

    # With no box, ONNX Runtime's reductions fail and its loops forget the shape of their results.
    branches = {"then_branch": t.subgraph(pooled), "else_branch": t.subgraph(empty)}
    return t.op("If", boxes.shape().take(0) > 0, dtype=real, **branches).cast(maps[0].dtype)


def _find(
    t: Tracer,
    maps: list[Value],
    scales: Value,
    boxes: Value,
    batch: Value,
    levels: Value | None,
    real: int,
) -> tuple[Boxes, Value, Value | None]:
    """Return the boxes with their map, their image and their level (None for one map).

    Boxes with a coordinate that is not finite, a negative image or a level without a map get an image that
    does not exist, so that reading it fails.
    """
    count = boxes.shape().slice(0, 1)
    boxes = boxes.cast(real)
    image = t.op("Reshape", batch.cast(INT64), count)
    finite = finite_rows(t, boxes)
    boxes = t.where(finite, boxes, 0.0)
    valid = finite.reshape(-1) & (image >= 0)
    scale = scales.reshape(-1, 1)
    extent = t.concat(*(x.shape().take([[2, 3]]) for x in maps), axis=0)
    level = None
    if levels is not None:
        level = t.op("Reshape", levels, count)
        exists = (level >= 0) & (level < len(maps))
        valid, level = valid & exists, t.where(exists, level, 0)
        scale, extent = scale.take(level), extent.take(level)
    image = t.where(valid, image, maps[0].shape().take(0))
    return Boxes(boxes.take([1, 0], axis=1), boxes.take([3, 2], axis=1), scale, extent), image, level


def _pool_each(
    t: Tracer,
    maps: list[Value],
    image: Value,
    level: Value | None,
    samples: Samples,
    bins: Bins,
    shape: Value,
) -> Value:
    """Trace the pooling of each box, (C, height, width), stacked to (K, C, height, width)."""
    accumulator = accumulator_of(maps[0].dtype)
    start = t.concat(image.reshape(-1, 1), samples.window_start, axis=1)
    end = t.concat(image.reshape(-1, 1), samples.window_last, axis=1) + 1

    def pool_box(start: Value, end: Value, *rest: Value) -> list[Value]:
        box_level, rest = (rest[0], rest[1:]) if level is not None else (None, rest)
        window = _window(t, maps, box_level, start, end).cast(accumulator)
        extent = window.shape().slice(2, 4)
        weights = _weights(t, rest, extent).cast(accumulator)
        height, width = extent.slice(0, 1), extent.slice(1, 2)
        rows = weights.slice(0, bins.height).slice(0, height, axis=1)
        # Transposed before it is sliced: ONNX Runtime 1.18 fuses Transpose and MatMul, but not for float64.
        columns = t.op("Transpose", weights, perm=[1, 0])
        columns = columns.slice(0, width).slice(bins.height, 2**31, axis=1)
        pooled = t.op("MatMul", rows, t.op("MatMul", window, columns), dtype=accumulator)
        return [t.op("Reshape", pooled, shape)]

    per_bin = [v.reshape(0, -1, 1) for v in (samples.first, samples.spacing, samples.inside, samples.grid)]
    per_bin += [
        bins.spread(v.cast(DOUBLE)).reshape(0, -1, 1) for v in (samples.window_start, samples.window_last)
    ]
    inputs = [start, end, *([] if level is None else [level]), *per_bin]
    body = t.subgraph(pool_box, *(v.dtype for v in inputs), rank=3)
    return t.op(
        "Scan", *inputs, body=body, num_scan_inputs=len(inputs), dtype=accumulator, name=WHEN_BOXES_FAIL
    )


def _window(t: Tracer, maps: list[Value], level: Value | None, start: Value, end: Value) -> Value:
    """Return the box's part of the map of its level, (1, C, h, w)."""
    if level is None or len(maps) == 1:
        return t.op("Slice", maps[0], start, end, [0, 2, 3])

    def here() -> list[Value]:
        return [t.op("Slice", maps[0], start, end, [0, 2, 3])]

    def above() -> list[Value]:
        return [_window(t, maps[1:], level - 1, start, end)]

    branches = {"then_branch": t.subgraph(here), "else_branch": t.subgraph(above)}
    return t.op("If", level.equals(0), dtype=maps[0].dtype, **branches)


def _weights(t: Tracer, per_bin: Sequence[Value], extent: Value) -> Value:
    """Return the weight of each pixel of the window in each bin, (B, n) float64, without a loop over samples.

    A sample at p gives the pixel at x the weight clip(p - (x - 1), 0, 1) - clip(p - x, 0, 1). Summed over the
    samples, clip(p - x, 0, 1) is the difference between x and x + 1 of the sum of max(p - x, 0). That is a
    sum over the samples beyond x: their number times their mean, because they are equally spaced. The first
    pixel also takes all samples before it, and the last one all after it.
    """
    first, spacing, inside, grid, start, last = per_bin
    n = t.op("ReduceMax", extent, keepdims=0)
    x = (start + t.arange(n).cast(DOUBLE)).at_most(last)
    before = (t.op("Floor", (x - first) / spacing) + 1.0).at_least(0.0).at_most(inside)
    after = inside - before
    mean = first + spacing * (before + inside - 1.0) * 0.5
    beyond = after * (mean - x)
    clipped = beyond.slice(0, -1, axis=1) - beyond.slice(1, 2**31, axis=1)
    total = t.concat(inside, clipped, axis=1) - t.concat(clipped, inside * 0.0, axis=1)
    return total / grid
