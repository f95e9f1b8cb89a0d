"""Instructions by which the lanes of a warp work together: votes, shuffles, barriers."""

from __future__ import annotations

from tests.cuda.emulated.ptx.operands import FLOATS, Operands
from tests.cuda.emulated.ptx.program import Instruction


def vote(i: Instruction, operands: Operands) -> str:
    """``vote.sync``: any, all, uni or ballot."""
    target, source, members = i.operands
    how = i.op[2]
    if i.op[1] != "sync" or i.guard or how not in ("any", "all", "uni", "ballot"):
        raise i.unsupported()
    bits = f"b{i.line}"
    value = {
        "ballot": bits,
        "any": f"{bits} != 0",
        "all": f"{bits} == m",
        "uni": f"({bits} == 0 || {bits} == m)",
    }[how]
    return (
        f"        uint32_t {bits} = 0; LANES {bits} |= uint32_t(({operands.predicate(source)}) != 0) << l;"
        f" {bits} &= m;\n{_members(i, operands, members)}"
        f"        LANES if (m >> l & 1) {operands.place(target)} = {value};\n"
    )


def shuffle(i: Instruction, operands: Operands) -> str:
    """``shfl.sync``: idx, up, down or bfly; a second result says whether there was such a lane."""
    if i.op[1] != "sync" or i.guard or i.op[2] not in ("idx", "up", "down", "bfly"):
        raise i.unsupported()
    target, _, found = i.operands[0].partition("|")
    source, by, clamp, members = i.operands[1:]
    have = operands.type(target)
    value = operands.as_kind(source, "u32")
    wanted = f"Bits<{have}>(from{i.line}[j])" if have in FLOATS else f"from{i.line}[j]"
    then = f" {operands.place(found)} = inside;" if found else ""
    return (
        f"{_members(i, operands, members)}"
        f"        uint32_t from{i.line}[32], by{i.line}[32], clamp{i.line}[32];\n"
        f"        LANES {{ from{i.line}[l] = {value}; by{i.line}[l] = {operands.as_kind(by, 'u32')};"
        f" clamp{i.line}[l] = {operands.as_kind(clamp, 'u32')}; }}\n"
        f"        LANES if (m >> l & 1) {{ bool inside; const int j ="
        f" w.ShuffledLane(k{i.op[2].title()}, l, by{i.line}[l], clamp{i.line}[l], m, {i.line}, &inside);"
        f" {operands.place(target)} = {wanted};{then} }}\n"
    )


def warp_barrier(i: Instruction, operands: Operands) -> str:
    """``bar.warp.sync``."""
    if i.guard:
        raise i.unsupported()
    return f"{_members(i, operands, i.operands[0])}        w.Synchronize();\n"


def block_barrier(i: Instruction, following: int) -> str:
    """``bar.sync 0``, after which the warp goes on with another basic block."""
    if i.guard or i.name not in ("bar.sync", "barrier.sync") or i.operands != ["0"]:
        raise i.unsupported()
    return (
        f'        if (m != w.mask) g_findings.Add("divergent barrier", {i.line}, w.Who(__builtin_ctz(m)));\n'
        f"        w.waits_at = {i.line};\n        paths.Go({following});\n        return kBarrier;\n"
    )


def _members(i: Instruction, operands: Operands, members: str) -> str:
    check = f"w.CheckMembers({operands.as_kind(members, 'u32')}, m, {i.line})"
    return f"        LANES if (m >> l & 1) {{ {check}; break; }}\n"
