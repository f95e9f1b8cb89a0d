"""The kernels of an operator on the emulator."""

from __future__ import annotations

import ctypes
import importlib
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from tests.cuda.emulated.emulator import BUILD, HERE, ROOT, Emulator, Program

OPERATORS = sorted(p.stem for p in HERE.glob("operators/*.cc"))


class Case(Protocol):
    def check(self, operator: EmulatedOperator) -> list[str]:
        """Run the case; return what is wrong."""


class EmulatedOperator:
    """Runs the functions of ``operators/NAME.cc``.

    ``ops`` is the folder of the operators' sources; ``options`` are those of ``Program``.
    """

    def __init__(self, name: str, build: Path = BUILD, ops: Path = ROOT / "ops", **options):
        sources = (HERE / f"operators/{name}.cc", *(ops / s for s in module_of(name).SOURCES))
        program = Program(ops / name / "cuda/kernels.cu", sources, (ops, HERE, HERE.parent), **options)
        self.emulator = Emulator(program, build / (name if program.checks else f"{name}_counted"))

    def run(
        self,
        function: str,
        *arguments,
        inputs: Mapping[str, np.ndarray | None],
        outputs: Mapping[str, np.ndarray],
        scratch=(),
        most_blocks: int = 0,
    ) -> list[str]:
        """Call a C++ function that returns null or an error; return findings.

        The arrays are all that kernels may touch (see ``Emulator.memory``); outputs are filled with set bits,
        which are NaN. Without ``most_blocks`` a launch has as many blocks as it wants.
        """
        self.emulator.reset()
        self.emulator.configure(quantum=1 << 30, most_blocks=most_blocks)
        return self.measure(function, *arguments, inputs=inputs, outputs=outputs, scratch=scratch)

    def measure(self, function: str, *arguments, inputs, outputs, scratch=()) -> list[str]:
        """Like ``run``, on the device that ``emulator.configure`` described, adding to the counts."""
        for output in outputs.values():
            output.reshape(-1).view(np.uint8)[:] = 0xFF
        self.emulator.memory(inputs, outputs, scratch)
        problem = self.emulator.function(function)(*arguments)
        if problem:
            raise SystemExit(f"launch: {problem.decode()}")
        return self.emulator.findings()


def module_of(name: str) -> types.ModuleType:
    return importlib.import_module(f"tests.cuda.emulated.operators.{name}")


def cases_of(name: str, random: int) -> Iterator[tuple[str, Case]]:
    """Yield names and cases."""
    return module_of(name).cases(random)


def load_reference() -> types.ModuleType:
    """The oracles alone: the package around them would need ONNX Runtime."""
    if "roiops" not in sys.modules:
        package = types.ModuleType("roiops")
        package.__path__ = [str(ROOT / "python/roiops")]
        sys.modules["roiops"] = package
    return importlib.import_module("roiops.reference")


def pointer(array: np.ndarray | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if array is None else array.ctypes.data)
