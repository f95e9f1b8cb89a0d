"""Comparisons and conversions as C++ expressions of one lane."""

from __future__ import annotations

from tests.cuda.emulated.ptx.operands import Operands, c_type
from tests.cuda.emulated.ptx.program import Instruction

_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_SIGNS |= {"lo": "<", "ls": "<=", "hi": ">", "hs": ">="}
_JOINED = {"and": "&&", "or": "||", "xor": "!="}
_ROUNDED = {"rni": "std::nearbyint", "rzi": "std::trunc", "rmi": "std::floor", "rpi": "std::ceil"}


def compare(i: Instruction, operands: Operands) -> list[tuple[str, str]]:
    """``setp``: one predicate, or two of which the second is the opposite."""
    kind, how = i.op[-1], i.op[1]
    if "ftz" in i.op or not (kind in ("f32", "f64") or kind[0] in "sub"):
        raise i.unsupported()
    x, y = (operands.as_kind(i.operands[n], kind if kind[0] != "b" else "u" + kind[1:]) for n in (1, 2))
    value = _compared(how, x, y) if kind in ("f32", "f64") else f"({x} {_SIGNS[how]} {y})"
    if len(i.op) == 4:
        value = f"({value} {_JOINED[i.op[2]]} ({operands.predicate(i.operands[3])} != 0))"
    targets = i.operands[0].split("|")
    return [(t, f"uint32_t({sign}{value})") for t, sign in zip(targets, ("", "!"))]


def _compared(how: str, x: str, y: str) -> str:
    ordered = f"({x} == {x} && {y} == {y})"
    if how in ("num", "nan"):
        return ordered if how == "num" else f"(!{ordered})"
    if how == "ne":
        return f"({x} != {y} && {ordered})"
    if how in _SIGNS:
        return f"({x} {_SIGNS[how]} {y})"
    return f"({x} {_SIGNS[how[:2]]} {y} || !{ordered})"  # equ, ltu, ...: or unordered


def convert(i: Instruction, operands: Operands) -> list[tuple[str, str]]:
    """``cvt`` between integers, float32, float64 and float16."""
    to, source = i.op[-2], i.op[-1]
    how = i.op[1:-2]
    target, operand = i.operands
    if (to, source, how) == ("f32", "f32", ["sat"]):
        return [(target, f"Saturated({operands.as_kind(operand, source)})")]
    if {"sat", "ftz"} & set(how) or "bf16" in (to, source):
        raise i.unsupported()
    if "f16" in (to, source):
        if (to, source, how) == ("f16", "f32", ["rn"]):
            return [(target, f"ToHalfBits({operands.as_kind(operand, source)})")]
        if (to, source) == ("f32", "f16"):
            return [(target, f"FromHalf({operands.as_kind(operand, 'u16')})")]
        raise i.unsupported()
    value = operands.as_kind(operand, source)
    wanted = c_type(to)
    if source[0] == "f":
        steps = [h for h in how if h in _ROUNDED]
        if to[0] != "f":
            if not steps:
                raise i.unsupported()
            return [(target, f"ToInteger<{wanted}>({_ROUNDED[steps[0]]}({value}))")]
        if steps:
            value = f"{_ROUNDED[steps[0]]}({value})"
        elif (to, source) == ("f32", "f64") and how != ["rn"]:
            raise i.unsupported()
        return [(target, f"{wanted}({value})")]
    if to[0] == "f":
        if how != ["rn"]:
            raise i.unsupported()
        return [(target, f"{wanted}({value})")]
    value = f"{wanted}({value})"  # extended by the source's sign, or cut
    register = operands.type(target)
    if to[0] == "s" and register != f"uint{to[1:]}_t":
        value = f"int64_t({value})"
    return [(target, value)]
