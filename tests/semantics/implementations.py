"""Everything that computes RoIAlign, called alike: which cases it takes, and a case's result.

    python -m semantics.implementations FILE

writes the CPU kernel's results, of the instruction set that ROIOPS_ISA names.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
from cuda_host_pool import HostPool, find_compiler
from onnx import helper
from semantics.cases import CASES, Case
from support import TYPES, run, session

import roiops
from roiops import export, reference

TESTS = Path(__file__).resolve().parents[1]


class Oracle:
    """The reference in NumPy, which computes every sample that a ratio asks for."""

    def takes(self, case: Case) -> bool:
        return case.sampling_ratio <= 1000

    def __call__(self, case: Case) -> np.ndarray:
        y = reference.roi_align(
            case.x,
            case.boxes.astype(np.float64 if case.x.dtype == np.float64 else np.float32),
            case.batch,
            case.output_size,
            case.spatial_scale,
            case.sampling_ratio,
            case.aligned,
            mode=case.mode,
            batch_format=case.batch_format,
        )
        return y.astype(case.x.dtype)


def _model(case: Case):
    return export.make_roi_align_model(
        output_size=case.output_size,
        spatial_scale=case.spatial_scale,
        sampling_ratio=case.sampling_ratio,
        aligned=case.aligned,
        mode=case.mode,
        batch_format=case.batch_format,
        x_type=TYPES[case.x.dtype.name],
        boxes_type=TYPES[case.boxes.dtype.name],
    )


def _feeds(case: Case) -> dict[str, np.ndarray]:
    return {"X": case.x, "boxes": case.boxes, "batch": case.batch}


class CpuKernel:
    """``roiops::RoiAlign`` on the CPU; in a process of its own, since an instruction set is chosen once."""

    def __init__(self, isa: str, folder: Path):
        path = folder / f"{isa}.npz"
        environment = {**os.environ, "ROIOPS_ISA": isa, "PYTHONPATH": str(TESTS)}
        subprocess.run(
            [sys.executable, "-m", "semantics.implementations", path],
            env=environment,
            check=True,
            timeout=300,
        )
        self._results = np.load(path)

    def takes(self, case: Case) -> bool:
        return case.mode in ("avg", "max")

    def __call__(self, case: Case) -> np.ndarray:
        return self._results[str(CASES.index(case))]


class PortableBody:
    """The function body of standard operators, in a session without the library.

    It has no maximum, computes every sample that a ratio asks for, and needs a channel.
    """

    def takes(self, case: Case) -> bool:
        return case.mode == "avg" and case.sampling_ratio <= 1000 and case.x.shape[1] > 0

    def __call__(self, case: Case) -> np.ndarray:
        return run(export.add_function_bodies(_model(case)), _feeds(case), plugin=False)


class Override:
    """The standard operator on our kernel; it has neither negative ratios nor boxes of another type."""

    def takes(self, case: Case) -> bool:
        return case.mode in ("avg", "max_corners") and case.x.dtype == case.boxes.dtype

    def __call__(self, case: Case) -> np.ndarray:
        node = helper.make_node(
            "RoiAlign",
            ["X", "boxes", "batch"],
            ["Y"],
            output_height=case.output_size[0],
            output_width=case.output_size[1],
            spatial_scale=case.spatial_scale,
            sampling_ratio=max(case.sampling_ratio, 0),
            coordinate_transformation_mode="half_pixel" if case.aligned else "output_half_pixel",
            mode="avg" if case.mode == "avg" else "max",
        )
        model = _model(replace(case, mode="avg"))
        model.graph.node[0].CopyFrom(node)
        del model.graph.input[2].type.tensor_type.shape.dim[:]
        model.graph.input[2].type.tensor_type.shape.dim.add()
        options = roiops.register(ort.SessionOptions(), override_standard=True)
        options.log_severity_level = 3
        made = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return made.run(None, {**_feeds(case), "batch": case.indices})[0]


class CudaBlock:
    """The block algorithm of the CUDA kernels on the host. For an empty output nothing is launched."""

    def __init__(self, folder: Path):
        self._pool = HostPool(folder)

    def takes(self, case: Case) -> bool:
        return case.expected.size > 0

    def __call__(self, case: Case) -> np.ndarray:
        how = (case.output_size, [case.spatial_scale], case.sampling_ratio, case.aligned, case.mode)
        return self._pool([case.x], case.boxes, case.batch, *how, case.batch_format)


def make(name: str, folder: Path):
    """An implementation by its name in NAMES; None where this machine has no compiler for it."""
    if name == "oracle":
        return Oracle()
    if name == "portable body":
        return PortableBody()
    if name == "override":
        return Override()
    if name == "CUDA block":
        return CudaBlock(folder) if find_compiler() else None
    return CpuKernel(name, folder)


NAMES = ["oracle", *roiops.build_info()["instruction_sets"], "override", "portable body", "CUDA block"]


if __name__ == "__main__":
    results = {
        str(i): session(_model(case)).run(None, _feeds(case))[0]
        for i, case in enumerate(CASES)
        if case.mode in ("avg", "max")
    }
    np.savez(sys.argv[1], **results)
