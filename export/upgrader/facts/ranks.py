"""Numbers of dimensions that follow from what RoiAlign accepts, traced back from its inputs.

In a whole detector the boxes come out of control flow that hides even their rank; but where their rows reach
a RoiAlign, they have two dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import onnx_ir as ir

from roiops.export.upgrader.graph.nodes import is_roi_align
from roiops.export.upgrader.graph.scopes import Owner

if TYPE_CHECKING:
    from roiops.export.upgrader.facts.facts import Facts

_KEEP_RANK = ("Cast", "Clip", "Identity", "Slice")
_INPUT_RANKS = (4, 2, 1)


def required_ranks(owner: Owner, facts: Facts) -> dict[ir.Value, int]:
    """The ranks of values of unknown shape that every run of the RoiAligns of ``owner`` needs."""
    single = filter(is_roi_align, owner.all_nodes())
    ranks: dict[ir.Value, int | None] = {}
    waiting = [pair for node in single for pair in zip(node.inputs, _INPUT_RANKS)]
    while waiting:
        value, rank = waiting.pop()
        if value is None or facts.shape(value) is not None:
            continue
        if value in ranks:
            # RoiAligns of different branches may disagree; then nothing follows.
            ranks[value] = rank if ranks[value] == rank else None
            continue
        ranks[value] = rank
        try:
            waiting.extend(_before(value.producer(), rank, facts))
        except (ValueError, IndexError):  # a malformed node tells nothing
            continue
    return {value: rank for value, rank in ranks.items() if rank is not None}


def _before(node: ir.Node | None, rank: int, facts: Facts) -> Iterator[tuple[ir.Value | None, int]]:
    """The inputs of ``node`` whose rank follows from that of its output."""
    if node is None or node.domain != "":
        return
    if node.op_type in _KEEP_RANK:
        yield node.inputs[0], rank
    elif node.op_type == "Concat":
        for value in node.inputs:
            yield value, rank
    elif node.op_type == "Gather":
        index = facts.shape(node.inputs[1])
        if index is not None:
            yield node.inputs[0], rank + 1 - len(index)
    elif node.op_type == "GatherND":
        index = facts.shape(node.inputs[1])
        if index and index[-1].known:
            yield node.inputs[0], rank + 1 - len(index) + index[-1].constant
    elif node.op_type in ("Squeeze", "Unsqueeze"):
        axes = facts.ints(node, "axes", 1)
        if axes is not None:
            yield node.inputs[0], rank + (len(axes) if node.op_type == "Squeeze" else -len(axes))
