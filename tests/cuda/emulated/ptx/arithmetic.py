"""Instructions that compute on registers, as C++ expressions of one lane."""

from __future__ import annotations

from typing import Callable

from tests.cuda.emulated.ptx.conversions import compare, convert
from tests.cuda.emulated.ptx.operands import FLOATS, Operands, c_type
from tests.cuda.emulated.ptx.program import Instruction, split_list

# Registers and their new values.
Values = list[tuple[str, str]]
# Rounds as these say; others round to nearest and keep subnormal numbers.
_UNKNOWN = {"ftz", "approx", "sat", "full", "rz", "rm", "rp"}
_KNOWN = {"ex2": {"approx", "ftz"}, "lg2": {"approx", "ftz"}, "add": {"rz"}, "fma": {"rm"}}


class Terms:
    """The operands of an instruction, by default as its type."""

    def __init__(self, instruction: Instruction, operands: Operands):
        self.i, self.operands = instruction, operands
        self.kind = instruction.op[-1]
        self.bits = self.kind[1:]
        self.floating = self.kind in ("f32", "f64")
        self.type = c_type(self.kind) if self.bits.isdigit() else ""

    def __call__(self, n: int, kind: str = "") -> str:
        return self.operands.as_kind(self.i.operands[n], kind or self.kind)

    def unsigned(self, n: int) -> str:
        return self(n, f"u{self.bits}")

    def exact(self, n: int) -> str:
        """The operand as a floating-point or unsigned number, whose sums and products wrap."""
        return self(n) if self.floating else self.unsigned(n)


def arithmetic(instruction: Instruction, operands: Operands) -> Values:
    """Return (register, C++ expression) pairs."""
    name = instruction.op[0]
    if name in SEVERAL:
        return SEVERAL[name](instruction, operands)
    if name not in SINGLE:
        raise instruction.unsupported()
    if (_UNKNOWN & set(instruction.op)) - _KNOWN.get(name, set()):
        raise instruction.unsupported()
    terms = Terms(instruction, operands)
    value = SINGLE[name](terms)
    target = instruction.operands[0]
    if operands.type(target) in FLOATS and not terms.floating:
        value = f"Bits<{operands.type(target)}>({FLOATS[operands.type(target)]}({value}))"
    return [(target, value)]


def _infix(sign: str) -> Callable[[Terms], str]:
    return lambda t: f"{t.exact(1)} {sign} {t.exact(2)}"


def _sum(t: Terms) -> str:
    return f"SumTowardZero({t(1)}, {t(2)})" if "rz" in t.i.op else _infix("+")(t)


def _logic(sign: str) -> Callable[[Terms], str]:
    def value(t: Terms) -> str:
        if t.kind == "pred":
            return f"({t.operands.read(t.i.operands[1])} {sign} {t.operands.read(t.i.operands[2])}) & 1"
        return f"{t.unsigned(1)} {sign} {t.unsigned(2)}"

    return value


def _product(t: Terms) -> str:
    if t.floating:
        return f"{t(1)} * {t(2)}"
    how, size = t.i.op[1], int(t.bits)
    wide = f"{'int' if t.kind[0] == 's' else 'uint'}{2 * size}_t"
    if how == "lo":
        return f"uint{size}_t(uint{max(size, 32)}_t({t.unsigned(1)}) * {t.unsigned(2)})"
    if how == "wide":
        return f"uint{2 * size}_t({wide}({t(1)}) * {wide}({t(2)}))"
    if how == "hi":
        return f"uint{size}_t(({wide}({t(1)}) * {wide}({t(2)})) >> {size})"
    raise t.i.unsupported()


def _product_and_sum(t: Terms) -> str:
    if "rm" in t.i.op:
        if t.kind != "f32":
            raise t.i.unsupported()
        return f"ProductAndSumRoundedDown({t(1)}, {t(2)}, {t(3)})"
    if t.floating:
        return f"std::fma({t(1)}, {t(2)}, {t(3)})"
    bits = int(t.bits) * (2 if t.i.op[1] == "wide" else 1)
    return f"{_product(t)} + {t(3, f'u{bits}')}"


def _least_or_most(name: str) -> Callable[[Terms], str]:
    def value(t: Terms) -> str:
        function = f"Float{name.title()}" if t.floating else f"std::{name}"
        if "NaN" in t.i.op:
            raise t.i.unsupported()
        return f"{function}<{t.type}>({t(1)}, {t(2)})"

    return value


def _abs(t: Terms) -> str:
    return f"std::fabs({t(1)})" if t.floating else f"({t(1)} < 0 ? 0 - {t.unsigned(1)} : {t.unsigned(1)})"


def _select(t: Terms) -> str:
    return f"{t.operands.read(t.i.operands[3], 'pred')} ? {t.exact(1)} : {t.exact(2)}"


def _not(t: Terms) -> str:
    return f"!{t.operands.read(t.i.operands[1])}" if t.kind == "pred" else f"~{t.unsigned(1)}"


def _shift_right(t: Terms) -> str:
    kind = t.kind if t.kind[0] == "s" else f"u{t.bits}"
    return f"RightShift<{c_type(kind)}>({t(1, kind)}, {t(2, 'u32')})"


def _funnel_shift(t: Terms) -> str:
    _, way, how, _ = t.i.op
    if how not in ("wrap", "clamp"):
        raise t.i.unsupported()
    by = f"({t(3, 'u32')} & 31)" if how == "wrap" else f"std::min(32u, {t(3, 'u32')})"
    both = f"(uint64_t({t(2, 'u32')}) << 32 | {t(1, 'u32')})"
    return f"uint32_t({both} >> {by})" if way == "r" else f"uint32_t({both} << {by} >> 32)"


def _extract_bits(t: Terms) -> str:
    if t.kind[0] != "u":
        raise t.i.unsupported()
    return f"ExtractBits<{t.type}>({t(1)}, {t(2, 'u32')} & 255, {t(3, 'u32')} & 255)"


def _permute_bytes(t: Terms) -> str:
    if len(t.i.op) != 2:  # other modes
        raise t.i.unsupported()
    return f"PermutedBytes({t(1, 'u32')}, {t(2, 'u32')}, {t(3, 'u32')})"


def _address_space(t: Terms) -> str:
    spaces = {"global": "0", "shared": "kSharedBase", "local": "kLocalBase", "param": "kParamBase"}
    space = next((s for s in spaces if s in t.i.op), None)
    if space is None:
        raise t.i.unsupported()
    return f"{t(1, 'u64')} {'-' if 'to' in t.i.op else '+'} {spaces[space]}"


def _approximate(function: str) -> Callable[[Terms], str]:
    def value(t: Terms) -> str:
        if t.kind != "f32":
            raise t.i.unsupported()
        value = f"std::{function}({t(1)})"
        return f"Flushed(std::{function}(Flushed({t(1)})))" if "ftz" in t.i.op else value

    return value


SINGLE: dict[str, Callable[[Terms], str]] = {
    "add": _sum,
    "sub": _infix("-"),
    "mul": _product,
    "mad": _product_and_sum,
    "fma": _product_and_sum,
    "div": lambda t: f"{t(1)} / {t(2)}" if t.floating else f"Quotient<{t.type}>({t(1)}, {t(2)})",
    "rem": lambda t: f"Remainder<{t.type}>({t(1)}, {t(2)})",
    "min": _least_or_most("min"),
    "max": _least_or_most("max"),
    "abs": _abs,
    "neg": lambda t: f"-{t(1)}" if t.floating else f"0 - {t.unsigned(1)}",
    "sqrt": lambda t: f"std::sqrt({t(1)})",
    "rcp": lambda t: f"{t.type}(1) / {t(1)}",
    "copysign": lambda t: f"std::copysign({t(2)}, {t(1)})",
    "ex2": _approximate("exp2"),
    "lg2": _approximate("log2"),
    "and": _logic("&"),
    "or": _logic("|"),
    "xor": _logic("^"),
    "not": _not,
    "shl": lambda t: f"LeftShift<uint{t.bits}_t>({t.unsigned(1)}, {t(2, 'u32')})",
    "shr": _shift_right,
    "shf": _funnel_shift,
    "bfe": _extract_bits,
    "prmt": _permute_bytes,
    "popc": lambda t: f"uint32_t(__builtin_popcountll({t.unsigned(1)}))",
    "clz": lambda t: f"LeadingZeros({t.unsigned(1)})",
    "brev": lambda t: f"ReversedBits({t.unsigned(1)})",
    "selp": _select,
    "cvta": _address_space,
}


def _move(i: Instruction, operands: Operands) -> Values:
    target, source = i.operands
    kind, bits = i.op[-1], i.op[-1][1:]
    if target.startswith("{"):  # the parts of a wider register
        parts = split_list(target)
        size = int(bits) // len(parts)
        pairs = []
        for n, part in enumerate(parts):
            if part == "_":
                continue
            value = f"uint{size}_t({operands.as_kind(source, f'u{bits}')} >> {n * size})"
            wanted = operands.type(part)
            pairs.append((part, f"Bits<{wanted}>({value})" if wanted in FLOATS else value))
        return pairs
    if source.startswith("{"):
        parts = split_list(source)
        size = int(bits) // len(parts)
        terms = [
            f"(uint{bits}_t({operands.as_kind(part, f'u{size}')}) << {n * size})"
            for n, part in enumerate(parts)
        ]
        value = " | ".join(terms)
        wanted = operands.type(target)
        return [(target, f"Bits<{wanted}>(uint{bits}_t({value}))" if wanted in FLOATS else value)]
    if kind == "pred":
        return [(target, operands.read(source, "pred") + " & 1")]
    return [(target, operands.as_kind(source, ("f" if operands.type(target) in FLOATS else "u") + bits))]


SEVERAL: dict[str, Callable[[Instruction, Operands], Values]] = {
    "mov": _move,
    "setp": compare,
    "cvt": convert,
}
