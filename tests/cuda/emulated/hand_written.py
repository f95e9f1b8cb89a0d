"""Modules of PTX written by hand, to test the emulator itself."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.cuda.emulated.emulator import Emulator, Program

_HEAD = ".version 8.5\n.target sm_90\n.address_size 64\n"


@dataclass
class Kernel:
    """A kernel of two arguments, addresses in global memory that are in %in and %out.

    In the body, %lane is the number of the thread and %at eight times that. Registers are declared with
    ``registers``, like ``.b32 %r<4>``.
    """

    name: str
    body: str
    registers: list[str] = field(default_factory=list)
    before: str = ""  # of the module: functions, shared memory

    def text(self) -> str:
        declared = "".join(f".reg {r};\n" for r in self.registers)
        return (
            f"{self.before}\n"
            f".visible .entry {self.name}(.param .u64 {self.name}_0, .param .u64 {self.name}_1)\n"
            f"{{\n.reg .b32 %lane;\n.reg .b64 %at, %in, %out, %mine, %theirs;\n{declared}"
            f"ld.param.u64 %in, [{self.name}_0];\nld.param.u64 %out, [{self.name}_1];\n"
            "mov.u32 %lane, %tid.x;\nmul.wide.u32 %at, %lane, 8;\n"
            "add.s64 %theirs, %in, %at;\nadd.s64 %mine, %out, %at;\n"
            f"{self.body}\nret;\n}}\n"
        )


def build(kernels: list[Kernel], folder: Path) -> Emulator:
    path = folder / "module.ptx"
    path.write_text(_HEAD + "".join(kernel.text() for kernel in kernels))
    return Emulator(Program(path, optimise=("-O0",)), folder / "built")


def launch(
    emulator: Emulator, kernel: str, data: np.ndarray, results: int, threads: int = 32
) -> tuple[np.ndarray, list[str]]:
    """Run on an input of any type; return so many results of 64 bits, and findings."""
    data = np.ascontiguousarray(data)
    out = np.zeros(results, np.uint64)
    emulator.reset()
    emulator.memory({"in": data}, {}, [out])
    emulator.launch_alone(kernel, [ctypes.c_uint64(a.ctypes.data) for a in (data, out)], threads)
    return out, emulator.findings()
