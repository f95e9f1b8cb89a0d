"""Paddle's side of an export: a program without the operators that paddle2onnx cannot convert or gets wrong.

An operator is cut out: its results become inputs of the program, its operands become outputs, and a record
says what was there. Needs Paddle; runs in a process of its own, see _process.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import paddle
from paddle import _pir_ops as ops
from paddle import pir

# The operators that make an output, with the attribute that names it.
_OUTPUTS = {"pd_op.fetch": "name", "builtin.shadow_output": "output_name"}
_INPUTS = ("pd_op.data", "pd_op.feed")
_PARAMETER_HEADER = 20  # bytes before the description of each parameter's type
_ROI_ALIGN, _DISTRIBUTE = "pd_op.roi_align", "pd_op.distribute_fpn_proposals"
# What is cut out, with the attributes that are kept.
_CUT = {
    _ROI_ALIGN: ["pooled_height", "pooled_width", "spatial_scale", "sampling_ratio", "aligned"],
    _DISTRIBUTE: ["min_level", "max_level", "refer_level", "refer_scale", "pixel_offset"],
}


class ProgramError(ValueError):
    """A program that cannot be exported; the message says why."""


def load(path: str) -> paddle.static.Program:
    """Read a saved program (JSON)."""
    program = paddle.static.Program()
    paddle.base.core.deserialize_pir_program(path, program)
    return program


def save(program: paddle.static.Program, path: str) -> None:
    """Write a program as JSON."""
    paddle.base.core.serialize_pir_program(program, path)


def operators(program: paddle.static.Program) -> list[str]:
    """The names of the operators in a program, each once, without inputs and outputs."""
    names = {op.name() for op in _all_ops(program.global_block())}
    return sorted(_plain(name) for name in names - {*_INPUTS, *_OUTPUTS, *_CUT})


def parameter_bytes(program: paddle.static.Program) -> int:
    """The number of bytes that the parameters of a program have at least in a file; 0 for none."""
    values = [op.result(0) for op in program.global_block().ops if op.name() == "builtin.parameter"]
    sizes = [math.prod(value.shape) * paddle.base.core.size_of_dtype(value.dtype) for value in values]
    return sum(size + _PARAMETER_HEADER for size in sizes)


def cut(program: paddle.static.Program) -> list[dict[str, Any]]:
    """Cut out every roi_align and distribute_fpn_proposals.

    Returns:
        One record per operator, in the order of the program: "op", "attributes", and the names of the values
        it read ("inputs") and made ("outputs"; those of distribute_fpn_proposals: boxes per level, number of
        boxes per level, restoring index; "" for what nothing reads).

    Raises:
        ProgramError: such an operator is inside of a branch or a loop.
    """
    block = program.global_block()
    _check_blocks(block)
    cutter = _Cutter(block)
    found = [op for op in block.ops if op.name() in _CUT]  # before any is removed
    with paddle.static.program_guard(program):
        return [cutter.cut(op) for op in found]


def passed(program: paddle.static.Program) -> list[tuple[str, str]]:
    """The names of inputs and of the outputs that are these inputs, which the converter does not define."""
    outputs = [op for op in program.global_block().ops if op.name() in _OUTPUTS]
    names = [op.attrs()[_OUTPUTS[op.name()]] for op in outputs]
    sources = [op.operand_source(0).get_defining_op() for op in outputs]
    inputs = [op.attrs()["name"] if op.name() in _INPUTS else None for op in sources]
    return [(source, name) for source, name in zip(inputs, names) if source not in (None, name)]


class _Cutter:
    def __init__(self, block: pir.Block):
        self._block = block
        self._outputs = sum(op.name() in _OUTPUTS for op in block.ops)
        self._names: dict[str, str] = {}
        self._results = 0

    def cut(self, op: pir.Operation) -> dict[str, Any]:
        """Remove an operator and return its record."""
        kind = op.name()
        attributes = {name: op.attrs()[name] for name in _CUT[kind]}
        if not all(value.initialized() for value in op.operands_source()):
            raise ProgramError(f"{_plain(kind)}: expected the number of boxes of each image, found none")
        inputs = [self._name(value) for value in op.operands_source()]
        pir.set_insertion_point(op)
        if kind == _DISTRIBUTE:
            outputs = self._replace_levels(op, attributes["max_level"] - attributes["min_level"] + 1)
        else:
            outputs = [self._replace(op.result(0))]
        self._block.remove_op(op)
        return {"op": _plain(kind), "attributes": attributes, "inputs": inputs, "outputs": outputs}

    def _replace_levels(self, op: pir.Operation, levels: int) -> list[str]:
        boxes, counts, restore = op.results()
        return [*self._replace_all(boxes, levels), *self._replace_all(counts, levels), self._replace(restore)]

    def _replace_all(self, values: pir.Value, length: int) -> list[str]:
        """Replace what is taken out of a list of values."""
        made: dict[int, pir.Value] = {}
        for reader in values.all_used_ops():
            if reader.name() not in ("builtin.split", "builtin.slice"):
                raise ProgramError(f"distribute_fpn_proposals: its results are read by {reader.name()}")
            first = reader.attrs()["index"] if reader.name() == "builtin.slice" else 0
            for index, value in enumerate(reader.results(), first):
                made[index] = made.get(index) or self._input_like(value)
                value.replace_all_uses_with(made[index])
            self._block.remove_op(reader)
        return [self._name(made[index]) if index in made else "" for index in range(length)]

    def _replace(self, value: pir.Value) -> str:
        made = self._input_like(value)
        value.replace_all_uses_with(made)
        return self._name(made)

    def _input_like(self, value: pir.Value) -> pir.Value:
        self._results += 1
        name = f"roiops.result_{self._results}"
        return ops.data(name, value.shape, value.dtype, paddle.base.core.Place())

    def _name(self, value: pir.Value) -> str:
        """The name of a value in the exported graph; what has none becomes an output."""
        producer = value.get_defining_op()
        if producer.name() in _INPUTS:
            return producer.attrs()["name"]
        if value.id not in self._names:
            self._names[value.id] = f"roiops.operand_{len(self._names)}"
            self._output(value, self._names[value.id])
        return self._names[value.id]

    def _output(self, value: pir.Value, name: str) -> None:
        pir.set_insertion_point_to_block_end(self._block)
        if value.get_defining_op().name() == "builtin.parameter":
            value = ops.assign(value)  # the converter does not define an output that is a parameter
        ops.fetch(value, name, self._outputs)
        self._outputs += 1


def _all_ops(block: pir.Block) -> Iterator[pir.Operation]:
    for op in block.ops:
        yield op
        for inner in op.blocks():
            yield from _all_ops(inner)


def _plain(name: str) -> str:
    """The name of an operator without its dialect."""
    return name.split(".", 1)[1]


def _check_blocks(block: pir.Block) -> None:
    for outer in block.ops:
        for op in (op for inner in outer.blocks() for op in _all_ops(inner)):
            if op.name() in _CUT:
                raise ProgramError(
                    f"{_plain(op.name())} inside of {_plain(outer.name())} cannot be exported; "
                    "wanted outside of branches and loops"
                )
