"""Loops that compute one row of their results in every step, from one row of each of several tensors."""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from roiops.export.upgrader.errors import NotProven
from roiops.export.upgrader.facts.dims import Dim
from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.graph.attributes import get_int, scalar
from roiops.export.upgrader.graph.nodes import is_op, name_of, origin, readers, required


@dataclass(frozen=True)
class RowLoop:
    """A Loop whose results are the rows of its steps, in order.

    Attributes:
        node: the Loop.
        rows: the tensors of which a step reads its row.
        initial: for each result, the tensor of no rows that it begins with.
    """

    node: ir.Node
    rows: tuple[ir.Value, ...]
    initial: tuple[ir.Value, ...]


def match_rows(node: ir.Node, facts: Facts) -> RowLoop:
    """Read a Loop; NotProven where its steps depend on each other."""
    attribute = node.attributes.get("body")
    if attribute is None or attribute.is_ref() or attribute.type != ir.AttributeType.GRAPH:
        raise NotProven("it has no body")
    body = attribute.as_graph()
    carried, initial = body.inputs[2:], [value for value in node.inputs[2:] if value is not None]
    if not len(carried) == len(initial) == len(node.outputs) == len(body.outputs) - 1:
        raise NotProven("it carries other values than its results")
    if len(node.inputs) < 2 or node.inputs[0] is None or not _always(node, body):
        raise NotProven("the number of its steps is not decided before it starts")
    for value, last in zip(carried, body.outputs[1:]):
        _check_appends(value, last)
    for value in initial:
        shape = facts.shape(value)
        if not shape or shape[0] != Dim(0):
            raise NotProven(f"{value.name} may have rows before the first step")
    return RowLoop(node, tuple(_rows(body)), tuple(initial))


def _always(node: ir.Node, body: ir.Graph) -> bool:
    """Whether every step is followed by the next, up to the number of steps."""
    first, last = node.inputs[1], origin(body.outputs[0])
    starts = first is None or bool(scalar(origin(first)))
    return starts and (last is body.inputs[1] or bool(scalar(last)))


def _check_appends(carried: ir.Value, last: ir.Value) -> None:
    join = origin(last).producer()
    if join is None or not is_op(join, "Concat") or get_int(join, "axis", 0) != 0 or len(join.inputs) != 2:
        raise NotProven(f"{last.name} is not {carried.name} with a row appended")
    uses = list(readers(carried))
    if uses != [(join, 0)]:
        raise NotProven(f"a step reads {carried.name}, the rows of the steps before it")


def _rows(body: ir.Graph) -> dict[ir.Value, None]:
    found: dict[ir.Value, None] = {}
    for node, slot in readers(body.inputs[0]):
        if not is_op(node, "Gather") or slot != 1 or get_int(node, "axis", 0) != 0:
            raise NotProven(f"{name_of(node)} uses the number of the step")
        found[required(node, 0)] = None
    return found
