"""Running a model in ONNX Runtime."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Union

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.errors import UpgradeError
from roiops.export.upgrader.weights import save

Runnable = Union[ir.Model, str, "os.PathLike[str]"]
Inputs = Mapping[str, "np.ndarray[Any, Any]"]


def run(model: Runnable, all_inputs: Sequence[Inputs], what: str, library: bool = True) -> list[Any]:
    """Return the outputs for each set of inputs; where it does not run, the error instead.

    A model that ONNX Runtime cannot load (RoiAlign of opset 22 and newer has no CPU kernel) runs its standard
    RoiAligns on the kernel of this project, which still checks everything else.

    Args:
        model: the file of a model, or a model.
        all_inputs: arrays by the names of its inputs.
        what: what it is, for messages.
        library: register roiops; without it, function bodies are used.

    Raises:
        UpgradeError: the model does not load.
    """
    with _file(model) as path:
        return _run_file(path, all_inputs, what, library)


def _run_file(path: str, all_inputs: Sequence[Inputs], what: str, library: bool) -> list[Any]:
    # The session is gone when this returns: Windows deletes no file of weights that a session has mapped.
    try:
        session = open_session(path, library)
    except Exception as error:  # the errors of onnxruntime have no common public class
        raise UpgradeError(f"verify: {what} does not load: {one_line(error)}") from error
    results: list[Any] = []
    for inputs in all_inputs:
        try:
            results.append(session.run(None, dict(inputs)))
        except Exception as error:  # as above
            results.append(UpgradeError(f"verify: {what} does not run: {one_line(error)}"))
    return results


def one_line(error: BaseException) -> str:
    """An error without line breaks."""
    return " ".join(str(error).split())


@contextmanager
def _file(model: Runnable) -> Iterator[str]:
    if not isinstance(model, ir.Model):
        yield os.fspath(model)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        save(model, path)
        yield str(path)


def open_session(path: str, library: bool) -> Any:
    """Load a model; one with standard RoiAligns that ONNX Runtime lacks, on the kernel of this project."""
    import onnxruntime

    from roiops import register

    def create(**options: bool) -> Any:
        session_options = onnxruntime.SessionOptions()
        session_options.log_severity_level = 4
        if library:
            register(session_options, mmdeploy=True, **options)
        return onnxruntime.InferenceSession(path, session_options, providers=["CPUExecutionProvider"])

    try:
        return create()
    except Exception as error:  # as above
        if "NOT_IMPLEMENTED" not in str(error) or not library:
            raise
    return create(override_standard=True)
