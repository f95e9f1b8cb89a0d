"""How the levels of a pyramid come together again: one Scatter chain, or Concat and a restoring Gather."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.errors import NotProven
from roiops.export.upgrader.facts.dims import Dim, Shape, all_known
from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.facts.rows import Restore, Rows
from roiops.export.upgrader.graph.attributes import (
    get_int,
    get_string,
    is_weight,
    read_attributes,
    scalar,
    tensor_of,
)
from roiops.export.upgrader.graph.nodes import (
    UNCHANGED,
    is_op,
    name_of,
    origin,
    readers,
    required,
    single_level,
)
from roiops.operators import Operator

if TYPE_CHECKING:
    from typing_extensions import TypeGuard

_SCATTERS = ("ScatterElements", "ScatterND")
_PASSING = (*UNCHANGED, "Reshape")


@dataclass(frozen=True)
class Part:
    """One level: its RoiAlign, the rows of the result it fills, and the type it is cast to, if any."""

    node: ir.Node
    operator: Operator
    rows: Rows
    cast: int | None


@dataclass(frozen=True)
class Merge:
    """All levels of a pooler.

    Attributes:
        end: the node with the merged result.
        parts: one per level, in the order of the graph.
        shape: the shape of a Scatter chain's zeros; None for Concat and Gather.
        count: the number of rows a restoring Gather keeps; None for a Scatter chain.
    """

    end: ir.Node
    parts: tuple[Part, ...]
    shape: Shape | None = None
    count: Dim | None = None


def ends(roi_align: ir.Node, facts: Facts) -> list[ir.Node]:
    """The nodes at which the output of a RoiAlign may have been merged with that of others."""
    found: dict[ir.Node, None] = {}
    for node, slot in readers(roi_align.outputs[0], _PASSING):
        if is_op(node, *_SCATTERS) and slot == 2:
            found.update(dict.fromkeys(_last_scatters(node, facts)))
        elif is_op(node, "Concat"):
            for gather, where in readers(node.outputs[0], _PASSING):
                index = facts.indices.get(gather.inputs[-1])
                if is_op(gather, "Gather") and where == 0 and index and isinstance(index.of, Restore):
                    found[gather] = None
    return list(found)


def match(end: ir.Node, facts: Facts) -> Merge:
    """Read a merge backwards from its last node; NotProven where it is anything else."""
    return _match_scatters(end, facts) if is_op(end, *_SCATTERS) else _match_restore(end, facts)


def _last_scatters(node: ir.Node, facts: Facts) -> list[ir.Node]:
    last, waiting, seen = [], [node], set()
    while waiting:
        scatter = waiting.pop()
        following = [user for user in _written_to(scatter.outputs[0], facts) if user.outputs]
        if not following:
            last.append(scatter)
        waiting.extend(user for user in following if user not in seen)
        seen.update(following)
    return last


def _written_to(value: ir.Value, facts: Facts) -> Iterator[ir.Node]:
    """The Scatters that write to a value, or to what it is after scalar zeros were added."""
    for user, slot in readers(value, _PASSING):
        if is_op(user, *_SCATTERS) and slot == 0:
            yield user
        elif slot == 0 and _adds_zero(user, facts):
            yield from _written_to(user.outputs[0], facts)


def _match_scatters(end: ir.Node, facts: Facts) -> Merge:
    parts: list[Part] = []
    data, node = end.outputs[0], end.outputs[0].producer()
    while is_op(node, *_SCATTERS):
        _check_scatter(node)
        index = facts.indices.get(node.inputs[1])
        layout = "column" if node.op_type == "ScatterND" else "spread"
        if index is None or index.layout != layout or not isinstance(index.of, Rows):
            raise NotProven(f"{name_of(node)} does not write to the rows where levels equal a constant")
        parts.append(_part(required(node, 2), index.of, facts, reshapes=node.op_type == "ScatterND"))
        data = _without_zeros(required(node, 0), facts)
        node = data.producer()
    shape = facts.shape(data)
    if not is_zero(data):
        raise NotProven(f"the levels are not written into zeros but into {data.name}")
    if shape is None or len(shape) != 4:
        raise NotProven(f"the shape of the zeros {data.name} is unknown")
    if shape[2:] != tuple(map(Dim, read_attributes(parts[0].node, parts[0].operator)["output_size"])):
        raise NotProven(f"the zeros {data.name} are not of the pooled size")
    if end.op_type == "ScatterElements":
        shapes = all_known(facts.shape(part.node.outputs[0]) for part in parts)
        if shapes is None:
            raise NotProven("a RoIAlign has an output of unknown rank")
        channels = [pooled[1] for pooled in shapes]
        # Maps that differ in channels from each other are refused by the fused operator when it runs.
        if shape[1] not in channels or any(
            dim.known and shape[1].known and dim != shape[1] for dim in channels
        ):
            raise NotProven(f"the zeros {data.name} do not provably have the channels of the maps")
    return Merge(end, tuple(reversed(parts)), shape=shape)


def _check_scatter(node: ir.Node) -> None:
    if len(node.inputs) != 3 or None in node.inputs:
        raise NotProven(f"{name_of(node)} has {len(node.inputs)} inputs, wanted 3")
    if get_int(node, "axis", 0) != 0 or get_string(node, "reduction", "none") != "none":
        raise NotProven(f"{name_of(node)} does not overwrite whole rows")


def _match_restore(end: ir.Node, facts: Facts) -> Merge:
    joined = origin(required(end, 0), ("Identity",)).producer()
    restore: Any = facts.indices[required(end, 1)]
    if not is_op(joined, "Concat") or get_int(joined, "axis", 0) != 0 or get_int(end, "axis", 0) != 0:
        raise NotProven(f"{name_of(end)} does not reorder the rows of one Concat")
    if restore.layout != "vector" or len(restore.of.parts) != len(joined.inputs):
        raise NotProven(f"{name_of(end)} does not restore the order of what {name_of(joined)} joins")
    parts = tuple(
        _part(required(joined, i), rows, facts, reshapes=False) for i, rows in enumerate(restore.of.parts)
    )
    return Merge(end, parts, count=restore.of.count)


def _part(value: ir.Value, rows: Rows, facts: Facts, reshapes: bool) -> Part:
    """Follow a level's result back to its RoiAlign.

    ScatterND only accepts updates of the shape of the zeros' rows, so a Reshape before it keeps everything if
    it keeps the pooled size, which the caller checks on the zeros.
    """
    cast = None
    node = value.producer()
    while is_op(node, *_PASSING):
        if node.op_type == "Cast":
            if cast is not None:
                raise NotProven(f"{name_of(node)}: the pooled values are cast twice")
            cast = get_int(node, "to", 0)
        if node.op_type == "Reshape" and not reshapes:
            raise NotProven(f"{name_of(node)} reshapes the pooled values")
        node = required(node, 0).producer()
    if is_op(node, "RoiAlign"):
        raise NotProven(f"{name_of(node)} was left alone")
    operator = single_level(node)
    if node is None or operator is None:
        raise NotProven(f"{value.name} is merged with the levels and is not the output of a RoiAlign")
    return Part(node, operator, rows, cast)


def is_zero(value: ir.Value) -> bool:
    """Whether every element is provably zero, if what it is made of is finite.

    mmrotate multiplies the images of boxes and the sums of maps that no box was on by 0.
    """
    node = origin(value, ("Identity",)).producer()
    if is_op(node, "ConstantOfShape"):
        fill = node.attributes.get("value")
        return fill is None or not np.any(fill.as_tensor().numpy())
    if is_op(node, "Expand"):
        return scalar(node.inputs[0]) == 0
    if is_op(node, "Mul"):
        return any(scalar(factor) == 0 for factor in node.inputs)
    if is_op(node, "Add"):
        return all(is_zero(required(node, i)) for i in range(2))
    tensor = tensor_of(value)
    return tensor is not None and not is_weight(tensor) and not np.any(tensor.numpy())


def _adds_zero(node: ir.Node | None, facts: Facts) -> TypeGuard[ir.Node]:
    """Whether a node adds a scalar zero to its first input."""
    return is_op(node, "Add") and facts.shape(required(node, 1)) == () and is_zero(required(node, 1))


def _without_zeros(value: ir.Value, facts: Facts) -> ir.Value:
    """The value that ``value`` is, but for scalar zeros that are added to it."""
    value = origin(value, ("Identity",))
    node = value.producer()
    while _adds_zero(node, facts):
        value = origin(required(node, 0), ("Identity",))
        node = value.producer()
    return value
