"""Devices."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass
class Device:
    """Sizes are in bytes, latencies in cycles; of one multiprocessor but for L2 and memory."""

    name: str = "H100"
    processors: int = 132  # multiprocessors
    hertz: float = 1.755e9
    l1: int = 256 << 10  # with shared memory
    shared: int = 227 << 10
    l2: int = 50 << 20
    threads: int = 2048  # of a multiprocessor
    registers: int = 65536
    l2_bytes: float = 5.5e12  # per second
    memory_bytes: float = 3.35e12 * 0.92
    l1_latency: float = 35
    l2_latency: float = 270
    memory_latency: float = 600
    launch: float = 3e-6


H100 = Device()


def pipe_of(op: str) -> tuple[str, float]:
    """Return what an instruction keeps busy in a quarter of a multiprocessor, and for how many cycles."""
    if re.match(r"D(ADD|MUL|FMA|SETP|MNMX)", op):
        return "fp64", 2
    if re.match(r"MUFU|F2F(?!P)|F2I|I2F(?!P)|FRND|POPC|FLO", op):
        return "xu", 8
    if re.match(r"FFMA|FADD|FMUL|HFMA2|HADD2|HMUL2", op):
        return "fma", 1
    if re.match(r"IMAD", op):
        return "fma", 2
    if re.match(r"(LD|ST|ATOM|RED|BAR|SHFL)(?!C)", op):
        return "memory", 0
    if re.match(r"U|S2U|R2UR|BRA|CALL|RET|EXIT|BSSY|BSYNC|NOP|WARPSYNC|LDC|S2R", op):
        return "other", 0
    return "alu", 2
