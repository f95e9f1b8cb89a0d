"""Which rows of which tensor a value holds: the heart of proving that RoiAligns are one pooled pyramid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.facts.dims import Dim, all_known
from roiops.export.upgrader.facts.shapes import positive, slice_arguments
from roiops.export.upgrader.graph.attributes import get_int, scalar
from roiops.export.upgrader.graph.nodes import required

if TYPE_CHECKING:
    from roiops.export.upgrader.facts.facts import Facts


@dataclass(frozen=True)
class Rows:
    """The numbers i, ascending, with levels[i] == level. ``levels`` is a vector; ``key`` identifies it."""

    key: int
    level: int
    levels: ir.Value = field(compare=False)


@dataclass(frozen=True)
class Joined:
    """Several row lists, one after the other."""

    parts: tuple[Rows, ...]


@dataclass(frozen=True)
class Restore:
    """The permutation that sorts ``parts``; ``count`` of its entries are kept."""

    parts: tuple[Rows, ...]
    count: Dim | None


@dataclass(frozen=True)
class Index:
    """A list of row numbers of shape (M,), (1, M), (M, 1), or repeated along trailing axes: (M, ...)."""

    of: Rows | Joined | Restore
    layout: str  # "vector", "row", "column", "spread"


@dataclass(frozen=True)
class Step:
    """A node that treats every row alike, so that it may as well run on all rows."""

    node: ir.Node
    signature: tuple
    output: int


@dataclass(frozen=True)
class Selection:
    """steps(source[rows]): a per-row function of some rows of ``source``."""

    rows: Rows
    source: ir.Value
    steps: tuple[Step, ...] = ()


def _equal(facts: Facts, node: ir.Node) -> None:
    for levels, other in (node.inputs, reversed(node.inputs)):
        level, shape = scalar(other), facts.shape(levels)
        if levels is not None and isinstance(level, np.integer) and shape is not None and len(shape) == 1:
            facts.masks[node.outputs[0]] = Rows(facts.key(levels), int(level), levels)


def _cast(facts: Facts, node: ir.Node) -> None:
    source, output = node.inputs[0], node.outputs[0]
    if source in facts.masks:
        facts.masks[output] = facts.masks[source]
    if source in facts.indices and _exact(get_int(node, "to", 0)):
        facts.indices[output] = facts.indices[source]
    _step(facts, node)


def _exact(dtype: int) -> bool:
    """Whether the type holds every row number: float32 does up to 16 million boxes."""
    kinds = (ir.DataType.INT32, ir.DataType.INT64, ir.DataType.FLOAT, ir.DataType.DOUBLE)
    return dtype in kinds


def _identity(facts: Facts, node: ir.Node) -> None:
    tables: tuple[dict[ir.Value | None, Any], ...] = (facts.masks, facts.indices, facts.selections)
    for table in tables:
        if node.inputs[0] in table:
            table[node.outputs[0]] = table[node.inputs[0]]


def _nonzero(facts: Facts, node: ir.Node) -> None:
    rows = facts.masks.get(node.inputs[0])
    if rows is not None:
        facts.indices[node.outputs[0]] = Index(rows, "row")


_AXIS = {"row": 0, "column": 1}
_TURNED = {"row": "column", "column": "row"}


def _transpose(facts: Facts, node: ir.Node) -> None:
    index = facts.indices.get(node.inputs[0])
    if index is not None and index.layout in _TURNED and facts.ints(node, "perm", 1) in (None, [1, 0]):
        facts.indices[node.outputs[0]] = Index(index.of, _TURNED[index.layout])


def _squeeze(facts: Facts, node: ir.Node) -> None:
    index, axes = facts.indices.get(node.inputs[0]), facts.ints(node, "axes", 1)
    if index is not None and axes is not None and index.layout in _AXIS:
        if [positive(axis, 2) for axis in axes] == [_AXIS[index.layout]]:
            facts.indices[node.outputs[0]] = Index(index.of, "vector")
    if axes is not None and _keeps_rows(facts, node, axes):
        _step(facts, node)


def _unsqueeze(facts: Facts, node: ir.Node) -> None:
    index, axes = facts.indices.get(node.inputs[0]), facts.ints(node, "axes", 1)
    if axes is None:
        return
    if index is not None and index.layout == "vector":
        axes = sorted(positive(axis, len(axes) + 1) for axis in axes)
        layouts = {(0,): "row", (1,): "column", (1, 2, 3): "spread"}
        if tuple(axes) in layouts:
            facts.indices[node.outputs[0]] = Index(index.of, layouts[tuple(axes)])
    if all(axis > 0 for axis in axes):
        _step(facts, node)


def _reshape(facts: Facts, node: ir.Node) -> None:
    index, target = facts.indices.get(node.inputs[0]), facts.array(node.inputs[1])
    layouts = {(-1,): "vector", (-1, 1): "column", (1, -1): "row", (-1, 1, 1, 1): "spread"}
    if index is not None and index.layout in ("vector", "row", "column") and target is not None:
        layout = layouts.get(tuple(int(i) for i in target.reshape(-1)))
        if layout is not None:
            facts.indices[node.outputs[0]] = Index(index.of, layout)


def _split(facts: Facts, node: ir.Node) -> None:
    axis = get_int(node, "axis", 0)
    if len(node.outputs) == 1:
        _identity(facts, node)
    elif axis > 0:
        facts.ints(node, "split", 1)
        for output in range(len(node.outputs)):
            _step(facts, node, output)


def _slice(facts: Facts, node: ir.Node) -> None:
    index = facts.indices.get(node.inputs[0])
    if index is not None and index.layout in _AXIS:
        axes, starts, ends, steps = slice_arguments(facts, node, 2)
        if axes == [_AXIS[index.layout]] and starts == [0] and ends[0] >= 1 and steps == [1]:
            facts.indices[node.outputs[0]] = index
    if _keeps_rows(facts, node, slice_arguments(facts, node, None)[0]):
        _step(facts, node)


def _gather(facts: Facts, node: ir.Node) -> None:
    axis, which = get_int(node, "axis", 0), facts.array(node.inputs[1])
    index = facts.indices.get(node.inputs[0])
    if index is not None and index.layout in _AXIS and axis == _AXIS[index.layout] and which is not None:
        if which.tolist() in (0, -1):
            facts.indices[node.outputs[0]] = Index(index.of, "vector")
    if which is not None and _keeps_rows(facts, node, [axis]):
        _step(facts, node)
    rows = _whole(facts.indices.get(node.inputs[1]), "vector")
    if rows is not None and axis == 0:
        facts.selections[node.outputs[0]] = Selection(rows, required(node, 0))


def _gather_nd(facts: Facts, node: ir.Node) -> None:
    rows = _whole(facts.indices.get(node.inputs[1]), "column")
    if rows is not None and get_int(node, "batch_dims", 0) == 0:
        facts.selections[node.outputs[0]] = Selection(rows, required(node, 0))


def _whole(index: Index | None, layout: str) -> Rows | None:
    return index.of if index is not None and index.layout == layout and isinstance(index.of, Rows) else None


def _expand(facts: Facts, node: ir.Node) -> None:
    index = facts.indices.get(node.inputs[0])
    if index is not None and index.layout == "spread":
        facts.indices[node.outputs[0]] = index


def _concat(facts: Facts, node: ir.Node) -> None:
    parts = all_known(_whole(facts.indices.get(value), "vector") for value in node.inputs)
    if len(node.inputs) == 1:
        _identity(facts, node)
    elif parts is not None:
        facts.indices[node.outputs[0]] = Index(Joined(tuple(parts)), "vector")


def _top_k(facts: Facts, node: ir.Node) -> None:
    index = facts.indices.get(node.inputs[0])
    if index is None or index.layout != "vector" or not isinstance(index.of, Joined):
        return
    ascending = get_int(node, "largest", 1) == 0 and get_int(node, "sorted", 1) == 1
    count = facts.items(node.inputs[1])
    if ascending and count is not None and len(count) == 1:
        facts.indices[node.outputs[1]] = Index(Restore(index.of.parts, count[0]), "vector")


def _keeps_rows(facts: Facts, node: ir.Node, axes: list[int]) -> bool:
    """Whether a node that works along ``axes`` of a selection leaves axis 0 alone."""
    shape = facts.shape(node.inputs[0])
    if shape is None:
        return all(axis > 0 for axis in axes)
    return all(positive(axis, len(shape)) > 0 for axis in axes)


def _step(facts: Facts, node: ir.Node, output: int = 0) -> None:
    """Record that ``node`` acts on each row of a selection; its other inputs are constants."""
    selection = facts.selections.get(node.inputs[0])
    others = [value for value in node.inputs[1:] if value is not None]
    if selection is None or any(facts.array(value) is None for value in others):
        return
    attributes = tuple(sorted((a.name, repr(a.value)) for a in node.attributes.values()))
    signature = (node.op_type, attributes, tuple(facts.key(value) for value in others), output)
    steps = (*selection.steps, Step(node, signature, output))
    facts.selections[node.outputs[output]] = Selection(selection.rows, selection.source, steps)


RULES: dict[str, Callable[..., None]] = {
    "Cast": _cast,
    "Concat": _concat,
    "Equal": _equal,
    "Expand": _expand,
    "Gather": _gather,
    "GatherND": _gather_nd,
    "Identity": _identity,
    "NonZero": _nonzero,
    "Reshape": _reshape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "TopK": _top_k,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
