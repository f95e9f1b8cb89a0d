"""What the converter gets wrong around pooled boxes, written in a way that it gets right. Needs Paddle."""

from __future__ import annotations

import math

import paddle
from paddle import pir


def repair(program: paddle.static.Program) -> None:
    """Rewrite every gather, flatten and reshape that the converter may get wrong."""
    block = program.global_block()
    with paddle.static.program_guard(program):
        for op in block.ops:
            if op.name() == "pd_op.gather":
                _flatten_index(op)
            elif op.name() == "pd_op.flatten":
                _reshape(op, op.result(0).shape)
            elif op.name() == "pd_op.reshape":
                target = op.operand_source(1).get_defining_op()
                if target.name() == "pd_op.full_int_array":
                    _reshape(op, _sizes(op.operand_source(0).shape, target.attrs()["value"]))


def _flatten_index(op: pir.Operation) -> None:
    """An index of shape (K, 1) means (K,) to Paddle; the converter adds a dimension to the result for it."""
    index = op.operand_source(1)
    if len(index.shape) == 2:
        pir.set_insertion_point(op)
        op.operand(1).set_source(paddle.reshape(index, [-1]))


def _reshape(op: pir.Operation, sizes: list[int]) -> None:
    """Say all sizes but one: the converter's two, one copied and one to be found out, fail without a box."""
    if list(sizes).count(-1) == 1:
        pir.set_insertion_point(op)
        op.result(0).replace_all_uses_with(paddle.reshape(op.operand_source(0), list(sizes)))


def _sizes(shape: list[int], target: list[int]) -> list[int]:
    """The sizes that a reshape to ``target`` gives, where only the copied one is unknown."""
    sizes = [shape[axis] if size == 0 else size for axis, size in enumerate(target)]
    if list(shape).count(-1) == 1 and sizes.count(-1) == 2:
        sizes[list(target).index(-1)] = -math.prod(shape) // math.prod(size for size in sizes if size > 0)
    return sizes
