"""Accesses to memory as calls of the machine, and what they make of lanes' registers."""

from __future__ import annotations

from tests.cuda.emulated.ptx.operands import FLOATS, Operands, c_type, plain
from tests.cuda.emulated.ptx.program import SIZES, Instruction, split_list

_SPACES = ("global", "shared", "local", "const", "param")

_UPDATES = {
    "add": "old + {b}",
    "min": "std::min(old, {b})",
    "max": "std::max(old, {b})",
    "and": "old & {b}",
    "or": "old | {b}",
    "xor": "old ^ {b}",
    "exch": "{b}",
    "cas": "(old == {b} ? {c} : old)",
}


def load_parameter(i: Instruction, operands: Operands) -> list[tuple[str, str]]:
    """A load of a kernel's parameter, which is an expression like arithmetic."""
    kind = i.op[-1]
    size = SIZES[kind[1:]]
    base, offset = operands.address(i, i.operands[1])
    pairs = []
    for n, target in enumerate(split_list(i.operands[0])):
        pointer = f"((m >> l & 1) ? w.Param({base} + {offset + n * size}, {size}, {i.line}) : w.Trash())"
        pairs.append((target, _loaded(operands, target, kind, pointer)))
    return pairs


def access(i: Instruction, operands: Operands, buffers: dict[str, tuple[str, int]]) -> str:
    """Return statements for a load, a store or an atomic operation.

    ``buffers`` are the parameters of functions: name and bytes of a lane.
    """
    space = next((s for s in _SPACES if s in i.op), "generic")
    lines = []
    mask = "m"
    if i.guard:
        mask = f"g{i.line}"
        lines.append(
            f"uint32_t {mask} = 0; LANES {mask} |= uint32_t(({operands.guard(i)}) != 0) << l; {mask} &= m;"
        )
    name = i.op[0]
    if name in ("atom", "red"):
        lines.append(_atomic(i, operands, space, mask))
    elif name == "ld":
        lines.append(_load(i, operands, space, mask, buffers))
    else:
        lines.append(_store(i, operands, space, mask, buffers))
    return "".join(f"        {line}\n" for part in lines for line in part.split("\n"))


def _load(i, operands, space, mask, buffers) -> str:
    kind = i.op[-1]
    targets = split_list(i.operands[0])
    before, pointers = _pointers(i, operands, space, i.operands[1], len(targets), ("kLoad", mask), buffers)
    steps = [f"{operands.place(t)} = {_loaded(operands, t, kind, p)};" for t, p in zip(targets, pointers)]
    return f"{before}LANES if ({mask} >> l & 1) {{ {' '.join(steps)} }}"


def _store(i, operands, space, mask, buffers) -> str:
    bits = i.op[-1][1:]
    sources = split_list(i.operands[1])
    before, pointers = _pointers(i, operands, space, i.operands[0], len(sources), ("kStore", mask), buffers)
    steps = []
    for source, pointer in zip(sources, pointers):
        if source in operands.function.registers and operands.type(source) in FLOATS:
            value = operands.read(source)
        else:
            value = f"uint{bits}_t({operands.as_kind(source, 'u' + bits)})"
        steps.append(f"Store({pointer}, {value});")
    return f"{before}LANES if ({mask} >> l & 1) {{ {' '.join(steps)} }}"


def _atomic(i, operands, space, mask) -> str:
    kind = i.op[-1] if i.op[-1][0] != "b" else "u" + i.op[-1][1:]
    how = next((h for h in _UPDATES if h in i.op[1:-1]), None)
    if how is None or space not in ("global", "shared", "generic") or not kind[1:].isdigit():
        raise i.unsupported()
    returns = i.op[0] == "atom"
    operand = i.operands[1:] if returns else i.operands
    before, (pointer,) = _pointers(i, operands, space, operand[0], 1, ("kAtomic", mask), {})
    wanted = c_type(kind)
    terms = dict(zip("bc", (operands.as_kind(o, kind) for o in operand[1:])))
    new = f"{wanted}({_UPDATES[how].format(**terms)})"
    step = f"const {wanted} old = Load<{wanted}>({pointer}); Store({pointer}, {new});"
    if returns:
        target = operands.type(i.operands[0])
        value = f"Bits<{target}>(old)" if (target in FLOATS) != (wanted in FLOATS) else f"{target}(old)"
        step += f" {operands.place(i.operands[0])} = {value};"
    return f"{before}LANES if ({mask} >> l & 1) {{ {step} }}"


def _pointers(i, operands, space, address, count, how, buffers) -> tuple[str, list[str]]:
    """Return statements that make pointers to what a lane accesses, and the pointers."""
    size = SIZES[i.op[-1][1:]]
    if space == "param":
        name, _, offset = address.strip("[] ").partition("+")
        if name not in buffers:
            raise i.unsupported("address")
        buffer, stride = buffers[name]
        return "", [f"{buffer} + l * {stride} + {int(offset or 0) + n * size}" for n in range(count)]
    if space == "const":
        raise i.unsupported()
    site = len(operands.module.sites)
    operands.module.sites.append(i)
    base, offset = operands.address(i, address)
    kind, mask = how
    before = (
        f"uint64_t e{site}[32]; uint8_t* p{site}[32];\n"
        f"LANES e{site}[l] = {base} + uint64_t({offset}ll);\n"
        f"w.{space.title()}<{size * count}, {kind}>({site}, {mask}, e{site}, p{site});\n"
    )
    return before, [f"p{site}[l] + {n * size}" for n in range(count)]


def _loaded(operands: Operands, target: str, kind: str, pointer: str) -> str:
    have = operands.type(target)
    if have in FLOATS:
        return f"Load<{have}>({pointer})"
    if kind[0] == "s":
        return f"{have}({have.replace('uint', 'int')}(Load<int{kind[1:]}_t>({pointer})))"
    return f"{have}(Load<uint{kind[1:]}_t>({pointer}))"


def declare(i: Instruction, buffers: dict[str, tuple[str, int]]) -> str:
    """Memory for a parameter of a call."""
    name, size = i.operands
    buffers[name] = (f"P_{plain(name)}_{len(buffers)}_{i.line}", int(size))
    return f"        alignas(16) uint8_t {buffers[name][0]}[32 * {size}];\n"
