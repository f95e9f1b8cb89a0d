"""What ptxas makes of PTX, and how often its instructions run: each comes from a line of PTX."""

from __future__ import annotations

import collections
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.cuda.emulated.emulator import Emulator
from tests.cuda.emulated.toolkit import find_program, run

_ROW = re.compile(r"\s+/\*[0-9a-f]+\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)")


@dataclass
class Resources:
    registers: int
    shared: int  # bytes
    spilled: int  # bytes of stores and loads


class MachineCode:
    """The resources of each kernel, and its instructions: a list of (PTX line, opcode)."""

    def __init__(self, ptx: Path, architecture: int):
        ptxas, nvdisasm = find_program("ptxas"), find_program("nvdisasm")
        if ptxas is None or nvdisasm is None:
            raise SystemExit(
                "needs ptxas and nvdisasm: of the CUDA toolkit, or of the package nvidia-cuda-nvdisasm"
            )
        cubin = ptx.with_suffix(".cubin")
        said = run([ptxas, f"-arch=sm_{architecture}", "-lineinfo", "-v", ptx, "-o", cubin], ptx.parent)
        self.resources = _resources(said)
        self.code = _code(run([nvdisasm, "-gp", "-c", cubin], ptx.parent))

    def kernel(self, *words: str) -> str:
        """Return the kernel in whose name the words are."""
        return next(k for k in self.resources if all(word in k for word in words))


def _resources(said: str) -> dict[str, Resources]:
    found: dict[str, Resources] = {}
    name, spilled = "", 0
    for line in said.splitlines():
        if m := re.search(r"Compiling entry function '(\S+)'", line):
            name = m[1]
        elif m := re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", line):
            spilled = int(m[1]) + int(m[2])
        elif name and (m := re.search(r"Used (\d+) registers", line)):
            shared = re.search(r"(\d+) bytes smem", line)
            found[name] = Resources(int(m[1]), int(shared[1]) if shared else 0, spilled)
            name = ""
    return found


def _code(listing: str) -> dict[str, list[tuple[int, str]]]:
    code: dict[str, list[tuple[int, str]]] = collections.defaultdict(list)
    kernel, line, internal, slow = "", 0, False, False
    since = 0  # where the piece began that no branch leads into
    for row in listing.split("\n"):
        if row.startswith(".text."):
            kernel, internal = row[6:].rstrip(":"), False
        elif row.startswith("$"):
            internal = "$__internal" in row  # slow paths of divisions
        elif m := re.search(r'nv_debug_ptx_txt", line (\d+)', row):
            line = int(m[1])
        elif row.startswith(".L"):
            slow, since = False, len(code[kernel])
        elif (m := _ROW.match(row)) and not internal:
            if "$__internal" in row:  # what prepares the call and what follows does not run either
                del code[kernel][since:]
                slow = True
            if m[1] != "NOP" and not slow:
                code[kernel].append((line, m[1]))
            if m[1] == "BRA":
                slow, since = False, len(code[kernel])
    return code


def block_copies(emulator: Emulator, code: list[tuple[int, str]]) -> dict[int, float]:
    """Return how often ptxas has each basic block: of a loop it unrolls, each copy runs less often."""
    accesses = collections.Counter(
        line for line, op in code if re.match(r"(LDG|STG|LDS|STS|LD|ST)(\.|$)", op)
    )
    copies: dict[int, float] = {}
    for f in emulator.module.functions.values():
        for b in f.blocks:
            seen = [
                accesses[i.line]
                for i in b.code
                if i.op[0] in ("ld", "st") and not {"param", "local"} & set(i.op) and accesses[i.line]
            ]
            if seen:
                copies[b.id] = max(1.0, float(np.median(seen)))
    return copies


def instructions(emulator: Emulator, code: list[tuple[int, str]]) -> collections.Counter:
    """Return how many instructions of warps ran, by opcode."""
    runs = emulator.runs()
    counts: collections.Counter = collections.Counter()
    block_of = {i.line: b.id for f in emulator.module.functions.values() for b in f.blocks for i in b.code}
    copies = block_copies(emulator, code)
    for line, op in code:
        if line in block_of:
            counts[op] += runs[block_of[line]] / copies.get(block_of[line], 1.0)
    return counts
