"""The nodes that replace a multi-level pooler."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.errors import NotProven
from roiops.export.upgrader.facts.rows import Selection
from roiops.export.upgrader.graph.emit import Emitter
from roiops.export.upgrader.graph.nodes import required
from roiops.export.upgrader.poolers.pooler import Pooler
from roiops.operators import MULTI_SCALE_ROI_ALIGN_ROTATED

_16_BIT = (ir.DataType.FLOAT16, ir.DataType.BFLOAT16)
# Zero-size boxes this many pixels of a map left of and above it sample nothing, aligned or not.
_OUTSIDE_PIXELS = -8.0


def write_pooler(pooler: Pooler, emitter: Emitter) -> ir.Value:
    """Write the fused node and what prepares its inputs; return the merged result.

    Raises:
        NotProven: boxes of no level cannot be told apart.
    """
    boxes = _replay(emitter, pooler.boxes)
    if pooler.box_type in _16_BIT:
        boxes = emitter.op("Cast", boxes, to=int(ir.DataType.FLOAT))
    batch = _zeros(emitter, boxes) if pooler.batch is None else _replay(emitter, pooler.batch)
    levels = _map_of_level(pooler, emitter)
    if not pooler.one_level_each:
        spare = _move_other_levels if pooler.merge.count is None else _drop_other_levels
        boxes, batch, levels = spare(pooler, emitter, boxes, batch, levels)
    maps = [required(part.node, 0) for part in pooler.parts]
    result = emitter.ours(pooler.operator, [boxes, batch, levels, *maps], pooler.arguments)
    cast = pooler.parts[0].cast
    return result if cast is None else emitter.op("Cast", result, to=cast)


def _replay(emitter: Emitter, selection: Selection) -> ir.Value:
    """Run the steps of a selection on all rows of its source."""
    value = selection.source
    for step in selection.steps:
        node = step.node
        inputs, attributes = [value, *node.inputs[1:]], list(node.attributes.values())
        value = emitter.add("", node.op_type, inputs, attributes, len(node.outputs)).outputs[step.output]
    return value


def _map_of_level(pooler: Pooler, emitter: Emitter) -> ir.Value:
    """The map of each box, counted from the lowest level; out of range where its level has none."""
    levels = emitter.op("Cast", pooler.levels, to=int(ir.DataType.INT64))
    lowest, maps = pooler.numbers[0], len(pooler.numbers)
    if lowest:
        levels = emitter.op("Sub", levels, emitter.scalar(lowest))
    span = pooler.numbers[-1] - lowest + 1
    if span == maps:
        return levels
    # Levels that no box was on when the model was traced are missing from it. The table's last entry is for
    # those beyond.
    table = np.full(span + 1, maps, np.int64)
    table[np.array(pooler.numbers) - lowest] = range(maps)
    beyond = _outside(emitter, levels, span)
    places = emitter.op("Where", beyond, emitter.scalar(span), levels)
    return emitter.op("Gather", emitter.constant(table), places, axis=0)


def _outside(emitter: Emitter, numbers: ir.Value, count: int) -> ir.Value:
    """Whether each number is none of 0, ..., count - 1."""
    below = emitter.op("Less", numbers, emitter.scalar(0))
    above = emitter.op("Greater", numbers, emitter.scalar(count - 1))
    return emitter.op("Or", below, above)


def _zeros(emitter: Emitter, boxes: ir.Value) -> ir.Value:
    """An int64 zero for every box."""
    rows = emitter.op("Slice", emitter.op("Shape", boxes), *map(emitter.vector, ([0], [1])))
    return emitter.op("ConstantOfShape", rows, value=ir.tensor(np.zeros(1, np.int64)))


# What the original does with boxes of no level, NaN boxes among them: a restoring Gather of as many rows as
# there are boxes fails on them, as the fused operator does; one of as many rows as were pooled skips them, so
# they are taken out. A Scatter chain leaves their rows zero, so they move outside of the lowest map.


def _drop_other_levels(
    pooler: Pooler, emitter: Emitter, boxes: ir.Value, batch: ir.Value, levels: ir.Value
) -> list[ir.Value]:
    kept = emitter.op("NonZero", emitter.op("Not", _outside(emitter, levels, len(pooler.parts))))
    kept = emitter.op("Reshape", kept, emitter.vector([-1]))
    return [emitter.op("Gather", value, kept, axis=0) for value in (boxes, batch, levels)]


def _move_other_levels(
    pooler: Pooler, emitter: Emitter, boxes: ir.Value, batch: ir.Value, levels: ir.Value
) -> list[ir.Value]:
    wide = np.float64 if pooler.box_type == ir.DataType.DOUBLE else np.float32
    outside = np.full((1, 4), _OUTSIDE_PIXELS / pooler.arguments["spatial_scales"][0], wide)
    if pooler.operator is MULTI_SCALE_ROI_ALIGN_ROTATED:
        outside = np.hstack([outside[:, :2], np.zeros((1, 3), wide)])
    if not np.isfinite(outside).all():
        raise NotProven("the scale of its lowest level is too small")
    other = _outside(emitter, levels, len(pooler.parts))
    column = emitter.op("Reshape", other, emitter.vector([-1, 1]))
    boxes = emitter.op("Where", column, emitter.constant(outside), boxes)
    batch = emitter.op("Where", other, emitter.scalar(0), batch)
    levels = emitter.op("Where", other, emitter.scalar(0), levels)
    return [boxes, batch, levels]
