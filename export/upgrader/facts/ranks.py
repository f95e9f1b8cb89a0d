"""Numbers of dimensions that follow from what RoiAlign accepts, traced back from its inputs.

In a whole detector the boxes come out of control flow that hides even their rank; but where their rows reach
a RoiAlign, they have two dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir

_KEEP_RANK = ("Cast", "Clip", "Identity", "Slice")
_INPUT_RANKS = (4, 2, 1)


def required_ranks(pools: list[ir.Node], facts) -> dict[ir.Value, int]:
    """The ranks of values of unknown shape that every run of ``pools`` needs."""
    ranks: dict[ir.Value, int | None] = {}
    waiting = [pair for pool in pools for pair in zip(pool.inputs, _INPUT_RANKS)]
    while waiting:
        value, rank = waiting.pop()
        if value is None or facts.shape(value) is not None:
            continue
        if value in ranks:
            # Pools of different branches may disagree; then nothing follows.
            ranks[value] = rank if ranks[value] == rank else None
            continue
        ranks[value] = rank
        try:
            waiting.extend(_before(value.producer(), rank, facts))
        except (ValueError, IndexError):  # a malformed node tells nothing
            continue
    return {value: rank for value, rank in ranks.items() if rank is not None}


def _before(node: ir.Node | None, rank: int, facts) -> Iterator[tuple[ir.Value, int]]:
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
