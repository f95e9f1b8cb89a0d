"""Our operator against ONNX Runtime's own in one process, call by call in turn."""

from __future__ import annotations

import numpy as np

from benchmarks import measure, sessions
from benchmarks.workloads import Workload
from roiops import reference

_CHECKED_BOXES = 16


def _numpy_dtype(dtype: str) -> np.dtype:
    if dtype == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(dtype)


def compare(workload: Workload, dtype: str, threads: int, rounds: int) -> dict[str, object]:
    """Measure one workload.

    The built-in operator only has float32 and float64 here; 16-bit types are measured against our float32.
    """
    inputs = workload.arrays(_numpy_dtype(dtype))
    ours, y = sessions.bound_call(sessions.ours(workload, dtype), inputs, workload, dtype, threads)
    has_builtin = dtype in ("float32", "float64")
    peer_dtype, peer_model = (dtype, sessions.builtin) if has_builtin else ("float32", sessions.ours)
    peer_inputs = {**inputs, "X": inputs["X"].astype(peer_dtype)}
    peer, peer_y = sessions.bound_call(
        peer_model(workload, peer_dtype), peer_inputs, workload, peer_dtype, threads
    )
    pair = measure.take_turns(ours, peer, rounds)
    floor = measure.floor(inputs["X"], y_bytes(workload, inputs["X"].dtype.itemsize))
    low, high = pair.spread
    row: dict[str, object] = {
        "workload": f"{workload.name} {workload.title}",
        "ours ms": round(float(np.median(pair.ours)) * 1e3, 3),
        "built-in ms" if has_builtin else "ours, float32 ms": round(float(np.median(pair.peer)) * 1e3, 3),
        "ratio": round(pair.ratio, 1),
        "quartiles": f"{low:.1f}–{high:.1f}",
        "times the floor": round(float(np.median(pair.ours)) / floor, 1),
    }
    if dtype != "bfloat16":  # which an OrtValue does not hand out
        row |= _errors(workload, inputs, y.numpy(), peer_y.numpy())
    return row


def scaling(workload: Workload, threads: int, rounds: int) -> dict[str, object]:
    """Measure our operator with several threads and with one."""
    inputs = workload.arrays(np.dtype("float32"))
    model = sessions.ours(workload, "float32")
    many, _ = sessions.bound_call(model, inputs, workload, "float32", threads)
    one, _ = sessions.bound_call(model, inputs, workload, "float32", 1)
    pair = measure.take_turns(many, one, rounds)
    low, high = pair.spread
    return {
        "workload": f"{workload.name} {workload.title}",
        f"{threads} threads ms": round(float(np.median(pair.ours)) * 1e3, 3),
        "1 thread ms": round(float(np.median(pair.peer)) * 1e3, 3),
        "ratio": round(pair.ratio, 2),
        "quartiles": f"{low:.2f}–{high:.2f}",
    }


def y_bytes(workload: Workload, itemsize: int) -> int:
    """Bytes of the result."""
    return int(np.prod(workload.output_shape)) * itemsize


def _errors(
    workload: Workload, inputs: dict[str, np.ndarray], ours: np.ndarray, peer: np.ndarray
) -> dict[str, str]:
    some = np.linspace(0, workload.boxes - 1, min(_CHECKED_BOXES, workload.boxes)).astype(int)
    expected = reference.roi_align(
        inputs["X"],
        inputs["boxes"][some],
        inputs["batch"][some],
        workload.output,
        workload.spatial_scale,
        workload.sampling_ratio,
        workload.aligned,
        batch_format="batch_indices",
    )
    return {
        "our error": f"{np.abs(ours[some] - expected).max():.0e}",
        "its error": f"{np.abs(peer[some] - expected).max():.0e}",
    }
