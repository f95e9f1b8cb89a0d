"""The registers, literals and addresses of a function as C++."""

from __future__ import annotations

import re

from tests.cuda.emulated.ptx.program import Function, Instruction, Module

C_TYPES = {
    "pred": "uint32_t",
    "16": "uint16_t",
    "32": "uint32_t",
    "64": "uint64_t",
    "f32": "float",
    "f64": "double",
}
FLOATS = {"float": "uint32_t", "double": "uint64_t"}  # and what has their bits
_SPECIAL = {
    "%laneid": "uint32_t(l)",
    **{f"%tid.{axis}": f"w.Thread(l).{axis}" for axis in "xyz"},
    **{f"%ntid.{axis}": f"w.launch->threads.{axis}" for axis in "xyz"},
    **{f"%ctaid.{axis}": f"w.block->at.{axis}" for axis in "xyz"},
    **{f"%nctaid.{axis}": f"w.launch->grid.{axis}" for axis in "xyz"},
}
_REGISTER = re.compile(r"%[a-zA-Z_]\w*(?:\.[xyz])?")


def c_type(kind: str) -> str:
    """``float`` for f32, ``int32_t`` for s32, ``uint32_t`` for u32 and b32."""
    return {"f32": "float", "f64": "double"}.get(kind) or f"{'int' if kind[0] == 's' else 'uint'}{kind[1:]}_t"


def plain(name: str) -> str:
    """A PTX name as one of C++."""
    return re.sub(r"\W", "_", name)


class Operands:
    """What the names in a function stand for.

    A register is a scalar ``v_...`` in the loop over lanes that assigns it, else an array of 32 lanes: of the
    basic block (``arrays``), or of the function's state (``state``) where other blocks use it too.
    """

    def __init__(self, module: Module, function: Function):
        self.module, self.function = module, function
        self.state = _shared_by_blocks(function)
        self.arrays: set[str] = set()
        self.scalars: set[str] = set()
        self.local_at: dict[str, str] = {}
        self._param_offsets = function.param_offsets() if function.entry else {}

    def type(self, register: str) -> str:
        return C_TYPES[self.function.registers[register]]

    def place(self, register: str) -> str:
        return f"{'S.' if register in self.state else ''}{plain(register)}[l]"

    def read(self, operand: str, kind: str = "") -> str:
        """Return C++ for an operand: of its register's type, or a literal of ``kind`` (like s32, f64)."""
        if operand in self.function.registers:
            return f"v_{plain(operand)}" if operand in self.scalars else self.place(operand)
        if operand in _SPECIAL:
            return _SPECIAL[operand]
        if m := re.fullmatch(r"0[fF]([0-9A-Fa-f]{8})", operand):
            return f"Bits<float>(0x{m[1]}u)"
        if m := re.fullmatch(r"0[dD]([0-9A-Fa-f]{16})", operand):
            return f"Bits<double>(uint64_t(0x{m[1]}ull))"
        if m := re.fullmatch(r"(-?)(0x[0-9A-Fa-f]+|\d+)U?", operand):
            value = int(m[2], 0) * (-1 if m[1] else 1)
            size = int(kind[1:]) if kind[1:].isdigit() else 64
            return f"uint{size}_t(0x{value % (1 << size):x}ull)"
        if operand in self.module.shared_at:
            return f"uint64_t({self.module.shared_at[operand]})"
        if operand in self.local_at:
            return f"uint64_t({self.local_at[operand]})"
        if operand in self._param_offsets:
            return f"uint64_t({self._param_offsets[operand]})"
        raise ValueError(f"operand {operand} in {self.function.name}")

    def as_kind(self, operand: str, kind: str) -> str:
        """Return C++ for an operand as a PTX type, reinterpreting a register of another kind."""
        value = self.read(operand, kind)
        if kind == "pred":
            return value
        want = c_type(kind)
        if operand in self.function.registers:
            have = self.type(operand)
            if (have in FLOATS) != (want in FLOATS):
                if have in FLOATS:
                    return f"{want}(Bits<{FLOATS[have]}>({value}))"
                return f"Bits<{want}>({FLOATS[want]}({value}))"
        elif want in FLOATS and not value.startswith("Bits"):
            return f"Bits<{want}>({FLOATS[want]}({value}))"
        return f"{want}({value})"

    def predicate(self, operand: str) -> str:
        """Return C++ for a predicate, which may be negated: ``!%p1``."""
        return ("!" if operand.startswith("!") else "") + self.read(operand.lstrip("!"), "pred")

    def guard(self, instruction: Instruction) -> str:
        return ("!" if instruction.negated else "") + self.read(instruction.guard or "", "pred")

    def address(self, instruction: Instruction, operand: str) -> tuple[str, int]:
        """Return the C++ of an address's base, and the offset from it."""
        m = re.fullmatch(r"\[\s*([%$\w.]+)\s*(?:\+\s*(-?\d+))?\s*\]", operand)
        if not m:
            raise instruction.unsupported("address")
        return f"uint64_t({self.read(m[1], 'u64')})", int(m[2] or 0)


def effects(function: Function, instruction: Instruction) -> tuple[set[str], set[str]]:
    """Return the registers that an instruction writes and those that it reads."""
    op, operands = instruction.op[0], instruction.operands
    first = 0 if op in ("st", "red", "membar", "fence", "call", "declare") or op == "bar" else 1
    if instruction.ends_block:
        first = 0
    names = lambda words: {r for o in words for r in _REGISTER.findall(o) if r in function.registers}  # noqa: E731
    writes, reads = names(operands[:first]), names(operands[first:])
    if instruction.guard:
        reads.add(instruction.guard)
        if not instruction.ends_block:
            reads |= writes  # lanes that skip it keep what they have
    return writes, reads


def _shared_by_blocks(function: Function) -> set[str]:
    """Return the registers whose values are needed in more than one basic block."""
    shared: set[str] = set()
    where: dict[str, int] = {}
    for number, block in enumerate(function.blocks):
        defined: set[str] = set()
        for instruction in block.code:
            writes, reads = effects(function, instruction)
            shared |= reads - defined
            shared |= {r for r in reads | writes if where.setdefault(r, number) != number}
            defined |= writes
    return shared
