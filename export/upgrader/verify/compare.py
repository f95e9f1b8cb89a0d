"""Run the original and the upgraded model side by side."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.errors import UpgradeError
from roiops.export.upgrader.verify.inputs import random_inputs


def compare(original: ir.Model, upgraded: ir.Model, seed: int = 0) -> dict[str, tuple[float, float]]:
    """Return per output (largest difference, largest magnitude of the original) on random inputs.

    An original that ONNX Runtime cannot load (RoiAlign of opset 22 and newer has no CPU kernel) runs its
    standard RoiAligns on the kernel of this project, which still checks everything else.

    Raises:
        UpgradeError: if one of the models does not load or run.
    """
    inputs = random_inputs(original, seed)
    expected = _run(original, inputs, "the original model")
    found = _run(upgraded, inputs, "the upgraded model")
    names = (value.name for value in original.graph.outputs)
    return {name: _difference(a, b) for name, a, b in zip(names, expected, found)}


def _run(model: ir.Model, inputs: dict[str, np.ndarray], what: str) -> list:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        ir.save(model, path, external_data="model.data")
        try:
            return _session(str(path)).run(None, inputs)
        except Exception as error:  # the errors of onnxruntime have no common public class
            raise UpgradeError(f"verify: {what} does not run: {error}") from error


def _session(path: str):
    import onnxruntime

    from roiops import register

    def create(override_standard: bool):
        options = register(onnxruntime.SessionOptions(), override_standard=override_standard)
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    try:
        return create(override_standard=False)
    except Exception as error:  # as above
        if "NOT_IMPLEMENTED" not in str(error):
            raise
    return create(override_standard=True)


def _difference(a, b) -> tuple[float, float]:
    if not isinstance(a, np.ndarray) or a.dtype.kind not in "fiub":
        return (0.0, 0.0) if repr(a) == repr(b) else (np.inf, 0.0)
    a, b = a.astype(np.float64), b.astype(np.float64)
    if a.shape != b.shape:
        return np.inf, float(np.max(np.abs(a), initial=0.0))
    difference = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    return float(np.max(difference, initial=0.0)), float(np.nanmax(np.abs(a), initial=0.0))
