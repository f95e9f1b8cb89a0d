"""What the converter gets wrong around pooled boxes, written in a way that it gets right. Needs Paddle."""

from __future__ import annotations

import paddle
from paddle import pir


def repair(program: paddle.static.Program) -> None:
    """Rewrite every gather and flatten that the converter gets wrong."""
    block = program.global_block()
    with paddle.static.program_guard(program):
        for op in block.ops:
            if op.name() == "pd_op.gather":
                _flatten_index(op)
            elif op.name() == "pd_op.flatten":
                _name_sizes(op)


def _flatten_index(op: pir.Operation) -> None:
    """An index of shape (K, 1) means (K,) to Paddle; the converter adds a dimension to the result for it."""
    index = op.operand_source(1)
    if len(index.shape) == 2:
        pir.set_insertion_point(op)
        op.operand(1).set_source(paddle.reshape(index, [-1]))


def _name_sizes(op: pir.Operation) -> None:
    """Pooled boxes flattened to (K, S): the converter leaves S to be found out, which fails without a box."""
    flat = op.result(0)
    if flat.shape.count(-1) == 1:
        pir.set_insertion_point(op)
        flat.replace_all_uses_with(paddle.reshape(op.operand_source(0), flat.shape))
