"""RoiAlign's kernels on the benchmarks' workloads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.workloads import Workload
from tests.cuda.emulated.emulator import BUILD
from tests.cuda.emulated.model.machine_code import MachineCode
from tests.cuda.emulated.operator import EmulatedOperator
from tests.cuda.emulated.operators.pooling import memory, prepare
from tests.cuda.emulated.stored import shifted

THREADS = 256  # of a block
ARCHITECTURE = 90
_WORDS = {"float32": "RuleEfE", "float16": "4Half"}  # of the kernels' names


def counted_operator(build: Path = BUILD) -> tuple[EmulatedOperator, MachineCode]:
    """Return the kernels of float32 and float16, without the checks, and their machine code."""
    options = {"checks": False, "only": "|".join(_WORDS.values()), "optimise": ("-O2",)}
    operator = EmulatedOperator("roi_align", build, architecture=ARCHITECTURE, **options)
    return operator, MachineCode(operator.emulator.ptx, ARCHITECTURE)


def kernel_of(machine: MachineCode, kind: str) -> str:
    return machine.kernel("PoolBoxes", _WORDS[kind])


def launch_of(operator: EmulatedOperator, workload: Workload, kind: str) -> Callable[[], object]:
    """Return a function that launches the workload's kernel."""
    arrays = workload.arrays(np.dtype(kind))
    x, boxes = shifted(arrays["X"]), shifted(arrays["boxes"])
    batch = shifted(arrays["batch"].astype(np.int64))
    how = ([workload.spatial_scale], workload.sampling_ratio, workload.aligned, "avg", "batch_indices")
    call, y = prepare([x], boxes, batch, None, (workload.output,) * 2, *how)
    return lambda: operator.measure(*call, **memory([x], boxes, batch, None, y))
