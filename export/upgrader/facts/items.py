"""The contents of small integer tensors as sizes: Shape(boxes) is its two sizes, and so on."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Callable, Union

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.facts.dims import Dim, Shape, all_known
from roiops.export.upgrader.facts.shapes import slice_arguments
from roiops.export.upgrader.graph.attributes import constant, get_int

if TYPE_CHECKING:
    from roiops.export.upgrader.facts.facts import Facts

LONGEST = 16
Result = Union[Shape, "list[Shape | None]", None]


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
    parts = all_known(facts.items(value) for value in node.inputs)
    if parts is None or sum(map(len, parts)) > LONGEST:
        return None
    return tuple(item for part in parts for item in part)


def _gather(facts: Facts, node: ir.Node) -> Shape | None:
    items, index = facts.items(node.inputs[0]), facts.array(node.inputs[1])
    if items is None or index is None or index.ndim > 1:
        return None
    return tuple(items[int(i)] for i in index.reshape(-1))


def _slice(facts: Facts, node: ir.Node) -> Shape | None:
    items = facts.items(node.inputs[0])
    axes, starts, ends, steps = slice_arguments(facts, node, 1)
    return None if items is None or axes != [0] else items[starts[0] : ends[0] : steps[0]]


def _split(facts: Facts, node: ir.Node) -> list[Shape | None]:
    items, sizes = facts.items(node.inputs[0]), facts.ints(node, "split", 1)
    if items is None or sizes is None or sum(sizes) != len(items):
        return [None] * len(node.outputs)
    ends = list(accumulate(sizes))
    return [items[end - size : end] for end, size in zip(ends, sizes)]


def _constant_of_shape(facts: Facts, node: ir.Node) -> Shape | None:
    size, fill = facts.items(node.inputs[0]), node.attributes.get("value")
    value = np.zeros(1) if fill is None else fill.as_tensor().numpy()
    if size is None or len(size) != 1 or not size[0].known or value.dtype.kind != "i":
        return None
    return (Dim(int(value[0])),) * size[0].constant if size[0].constant <= LONGEST else None


def _broadcast(facts: Facts, node: ir.Node) -> list[Shape] | None:
    """The contents of all inputs, each repeated to the longest."""
    parts = all_known(facts.items(value) for value in node.inputs)
    if parts is None:
        return None
    longest = max(map(len, parts))
    if any(len(part) not in (1, longest) for part in parts):
        return None
    return [part * longest if len(part) == 1 else part for part in parts]


def _mul(facts: Facts, node: ir.Node) -> Shape | None:
    parts = _broadcast(facts, node)
    if parts is None or not all(dim.known for part in parts for dim in part):
        return None
    return tuple(Dim(a.constant * b.constant) for a, b in zip(*parts))


def _equal(facts: Facts, node: ir.Node) -> Shape | None:
    """Truth values, as 0 and 1, where all are decided: a size is never negative."""
    parts = _broadcast(facts, node)
    truths = [_is_equal(a, b) for a, b in zip(*parts)] if parts is not None else [None]
    return None if None in truths else tuple(Dim(int(bool(truth))) for truth in truths)


def _is_equal(a: Dim, b: Dim) -> bool | None:
    if a == b:
        return True
    if a.known and b.known:
        return False
    # The unknowns of a size are sizes themselves.
    known, other = (a, b) if a.known else (b, a)
    return False if known.known and known.constant < other.constant else None


def _where(facts: Facts, node: ir.Node) -> Shape | None:
    parts = _broadcast(facts, node)
    if parts is None or not all(truth.known for truth in parts[0]):
        return None
    return tuple(a if truth.constant else b for truth, a, b in zip(*parts))


# Reshape and its kin keep the order of the elements; the shape rules know the number of dimensions.
RULES: dict[str, Callable[..., Result]] = {
    **dict.fromkeys(["Identity", "Unsqueeze", "Squeeze", "Reshape"], _same),
    "Cast": _cast,
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Equal": _equal,
    "Gather": _gather,
    "Mul": _mul,
    "Shape": _shape,
    "Slice": _slice,
    "Split": _split,
    "Where": _where,
}
