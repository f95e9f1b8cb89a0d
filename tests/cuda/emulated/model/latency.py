"""The time of a warp that is alone."""

from __future__ import annotations

import collections
import re

import numpy as np

from tests.cuda.emulated.emulator import Emulator


def block_times(emulator: Emulator, code: list[tuple[int, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Return, per basic block, the cycles of a lone warp without loads, and the rounds of loads."""
    per_line = collections.Counter(line for line, _ in code)
    time_of, rounds = (
        np.zeros(emulator.module.block_count, np.float32),
        np.zeros(emulator.module.block_count, np.float32),
    )
    for function in emulator.module.functions.values():
        for block in function.blocks:
            fast, slow = (_lone_warp(block, per_line, latency) for latency in (0.0, 1000.0))
            time_of[block.id], rounds[block.id] = fast, (slow - fast) / 1000
    return time_of, rounds


def _lone_warp(block, per_line, load_latency: float) -> float:
    now, last = 0.0, 0.0
    ready: dict[str, float] = {}
    for i in block.code:
        op = i.op
        if op[0] == "declare":
            continue
        count = per_line[i.line]
        registers = [r for o in i.operands for r in re.findall(r"%[a-zA-Z_]\w*", o)] + (
            [i.guard] if i.guard else []
        )
        stores = op[0] in ("st", "bra", "bar", "ret", "call")
        written = [] if stores else re.findall(r"%[a-zA-Z_]\w*", i.operands[0])
        read = [r for r in registers if r not in written]
        begin = max([now] + [ready.get(r, 0) for r in read])
        now = begin + min(count, 40)
        kind = op[-1]
        if op[0] == "ld":
            space = next((s for s in ("global", "shared", "local", "param") if s in op), "generic")
            latency = {"global": load_latency, "shared": 30, "local": 33, "param": 4, "generic": 32}[space]
        elif op[0] in ("div", "rem"):
            latency = {"f32": 50, "f64": 120, "s64": 110, "u64": 110}.get(kind, 70)
        elif op[0] == "cvt" and "64" in op[-1] + op[-2] and "f" in op[-1] + op[-2]:
            latency = 20
        elif op[0] == "bra":
            latency, now = 0, now + 8
        elif op[0] in ("call", "ret"):
            latency, now = 0, now + 12
        elif op[0] == "bar":
            latency, now = 0, now + 20
        elif kind == "f64":
            latency = 8
        else:
            latency = 4.5 + 2 * max(0, min(count, 10) - 1) if count else 0
        for r in written:
            ready[r] = begin + latency
            last = max(last, ready[r])
    return max(now, last)
