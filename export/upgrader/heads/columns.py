"""The boxes that columns were taken of."""

from __future__ import annotations

from collections.abc import Iterable

import onnx_ir as ir

from roiops.export.upgrader.errors import NotProven
from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.facts.shapes import positive
from roiops.export.upgrader.graph.attributes import get_int, tensor_of
from roiops.export.upgrader.graph.nodes import is_op, required


def boxes_of(values: Iterable[ir.Value], facts: Facts) -> ir.Value:
    """The one tensor of rank 2 whose columns ``values`` are computed from.

    Raises:
        NotProven: there is none, or several.
    """
    found: dict[int, ir.Value] = {}
    waiting, seen = list(values), set()
    while waiting:
        value = waiting.pop()
        node = value.producer()
        if value in seen or node is None or tensor_of(value) is not None or is_op(node, "Shape"):
            continue
        seen.add(value)
        if _takes_columns(node, facts):
            found.setdefault(facts.key(required(node, 0)), required(node, 0))
        else:
            waiting.extend(read for read in node.inputs if read is not None)
    if len(found) != 1:
        names = ", ".join(sorted(value.name or "?" for value in found.values())) or "none"
        raise NotProven(f"the boxes should be one tensor of which columns are taken, found: {names}")
    return next(iter(found.values()))


def _takes_columns(node: ir.Node, facts: Facts) -> bool:
    if not is_op(node, "Gather", "Slice", "Split") or len(facts.shape(node.inputs[0]) or ()) != 2:
        return False
    if node.op_type == "Slice":
        return facts.ints(node, "", 3) in ([1], [-1])
    return positive(get_int(node, "axis", 0), 2) == 1
