"""A PTX module: functions of basic blocks of instructions, and variables in shared memory."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

SIZES = {"8": 1, "16": 2, "32": 4, "64": 8}


class Unsupported(Exception):
    """PTX that is not understood."""


@dataclass
class Instruction:
    line: int
    op: list[str]
    operands: list[str]
    guard: str | None = None
    negated: bool = False
    source: str = ""  # file:line

    @property
    def name(self) -> str:
        return ".".join(self.op)

    @property
    def ends_block(self) -> bool:
        return self.op[0] in ("bra", "bar", "barrier", "ret", "exit") and self.op[1:2] != ["warp"]

    def unsupported(self, what: str = "") -> Unsupported:
        return Unsupported(f"line {self.line}: {what or self.name} {', '.join(self.operands)}")


@dataclass
class Variable:
    name: str
    size: int
    align: int


@dataclass
class BasicBlock:
    labels: list[str] = field(default_factory=list)
    code: list[Instruction] = field(default_factory=list)
    next: list[int] = field(default_factory=list)
    rejoin: int = -1  # where lanes that leave it differently meet again; -1: nowhere
    id: int = 0


@dataclass
class Function:
    name: str
    entry: bool
    returns: list[Variable]
    params: list[Variable]
    registers: dict[str, str] = field(default_factory=dict)  # to their kinds: pred, 16, 32, 64, f32, f64
    locals: list[Variable] = field(default_factory=list)
    blocks: list[BasicBlock] = field(default_factory=list)
    id: int = 0

    def instructions(self):
        """Yield (basic block, instruction)."""
        for block in self.blocks:
            for instruction in block.code:
                yield block, instruction

    def param_offsets(self) -> dict[str, int]:
        """Where an entry's parameters are in memory."""
        offsets, offset = {}, 0
        for variable in self.params:
            offset = -(-offset // variable.align) * variable.align
            offsets[variable.name] = offset
            offset += variable.size
        return offsets


@dataclass
class Module:
    functions: dict[str, Function] = field(default_factory=dict)
    shared: dict[str, Variable] = field(default_factory=dict)
    shared_at: dict[str, int] = field(default_factory=dict)
    shared_end: dict[str, int] = field(default_factory=dict)  # by kernel
    block_count: int = 0
    sites: list[Instruction] = field(default_factory=list)  # accesses to memory, in the order of writing

    def reachable(self, function: Function) -> list[Function]:
        """Return the function and those it calls."""
        found, todo = {}, [function]
        while todo:
            one = todo.pop()
            if one.name in found:
                continue
            found[one.name] = one
            calls = [callee(i)[1] for _, i in one.instructions() if i.op[0] == "call"]
            todo += [self.functions[name] for name in calls]
        return list(found.values())


def callee(instruction: Instruction) -> tuple[list[str], str, list[str]]:
    """Return results, name and arguments of a call."""
    operands = instruction.operands
    results = []
    if operands[0].startswith("("):
        results = split_list(operands[0])
        operands = operands[1:]
    arguments = split_list(operands[1]) if len(operands) > 1 else []
    return results, operands[0], [a for a in arguments if a]


def split_list(operand: str) -> list[str]:
    """``{a, b}`` or ``(a, b)`` or ``a`` as a list."""
    return [word.strip() for word in operand.strip("{}()").split(",")]


def split_operands(text: str) -> list[str]:
    """Split at the commas that are in no bracket."""
    return [word.strip() for word in re.split(r",(?![^{\[(]*[}\])])", text) if word.strip()]
