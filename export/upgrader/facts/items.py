"""The contents of small integer tensors as sizes: Shape(boxes) is its two sizes, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

import onnx_ir as ir

from roiops.export.upgrader.facts.dims import Dim, Shape
from roiops.export.upgrader.facts.shapes import slice_arguments
from roiops.export.upgrader.graph.attributes import constant, get_int

if TYPE_CHECKING:
    from roiops.export.upgrader.facts.facts import Facts

LONGEST = 16


def constant_items(value: ir.Value) -> Shape | None:
    """The contents of a short constant integer vector or scalar."""
    array = constant(value)
    if array is None or array.ndim > 1 or array.size > LONGEST or array.dtype.kind != "i":
        return None
    return tuple(Dim(int(item)) for item in array.reshape(-1))


def _same(facts: Facts, node: ir.Node) -> Shape | None:
    return facts.items(node.inputs[0])


def _cast(facts: Facts, node: ir.Node) -> Shape | None:
    keeps = get_int(node, "to", 0) in (ir.DataType.INT32, ir.DataType.INT64)
    return facts.items(node.inputs[0]) if keeps else None


def _shape(facts: Facts, node: ir.Node) -> Shape | None:
    shape = facts.shape(node.inputs[0])
    if shape is None:
        return None
    return shape[get_int(node, "start", 0) : get_int(node, "end", len(shape))]


def _concat(facts: Facts, node: ir.Node) -> Shape | None:
    parts = [facts.items(value) for value in node.inputs]
    if any(part is None for part in parts) or sum(map(len, parts)) > LONGEST:
        return None
    return sum(parts, ())


def _gather(facts: Facts, node: ir.Node) -> Shape | None:
    items, index = facts.items(node.inputs[0]), facts.array(node.inputs[1])
    if items is None or index is None or index.ndim > 1:
        return None
    return tuple(items[int(i)] for i in index.reshape(-1))


def _slice(facts: Facts, node: ir.Node) -> Shape | None:
    items = facts.items(node.inputs[0])
    axes, starts, ends, steps = slice_arguments(facts, node, 1)
    return None if items is None or axes != [0] else items[starts[0] : ends[0] : steps[0]]


# Reshape and its kin keep the order of the elements; the shape rules know the number of dimensions.
RULES: dict[str, Callable[..., Shape | None]] = {
    **dict.fromkeys(["Identity", "Unsqueeze", "Squeeze", "Reshape"], _same),
    "Cast": _cast,
    "Concat": _concat,
    "Gather": _gather,
    "Shape": _shape,
    "Slice": _slice,
}
