"""What ``roiops doctor`` examines: the parts it needs, then whether they compute what they should."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Callable

import numpy as np

import roiops
from roiops import reference
from roiops._extras import missing
from roiops._library import import_onnxruntime
from roiops._standard import run_model, standard_model

_ONNXRUNTIMES = ("onnxruntime", "onnxruntime-gpu")
_TOLERANCE = {"float64": 1e-12, "float32": 2e-5, "float16": 2e-3, "bfloat16": 2e-2}  # of values in [-1, 1]
_SIZE, _SCALE = (3, 5), 0.25


@dataclass(frozen=True)
class Finding:
    """One part: whether it is in order, and what was found or went wrong."""

    name: str
    ok: bool
    text: str


def examine() -> Iterator[Finding]:
    """Look at every part, and run the self-tests if all parts are in order."""
    in_order = True
    for name, describe in _PARTS.items():
        finding = _examine(name, describe)
        in_order &= finding.ok
        yield finding
    if in_order:
        for dtype in _TOLERANCE:
            yield _examine(f"self-test {dtype}", partial(_test_dtype, dtype))
        yield _examine("self-test pyramid", _test_pyramid)
        yield _examine("self-test standard", _test_standard)


def _examine(name: str, describe: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, describe())
    except Exception as error:  # whatever is wrong with an installation is what is asked for
        return Finding(name, False, f"{error}" or type(error).__name__)


def _package() -> str:
    python = f"Python {platform.python_version()}, numpy {np.__version__}"
    return f"roiops {roiops.__version__}, {python}, {platform.platform()}"


def _library() -> str:
    info = roiops.build_info()
    if info["version"] != roiops.__version__:
        raise RuntimeError(f"version {info['version']} in {roiops.get_library_path()}: reinstall roiops")
    return f"{roiops.get_library_path()}, version {info['version']}, built by {info['compiler']}"


def _instruction_sets() -> str:
    info = roiops.build_info()
    usable, active = info["instruction_sets"], info["active_instruction_set"]
    if active is None:
        raise ValueError(f"ROIOPS_ISA={os.environ.get('ROIOPS_ISA')} is not one of {', '.join(usable)}")
    return f"{active} is used, of {', '.join(usable)}"


def _cuda_kernels() -> str:
    return ", ".join(roiops.build_info()["cuda_architectures"]) or "none, this build has CPU kernels only"


def _onnxruntime() -> str:
    onnxruntime = import_onnxruntime()
    origin = " and ".join(filter(_is_installed, _ONNXRUNTIMES)) or onnxruntime.__file__
    providers = ", ".join(onnxruntime.get_available_providers())
    return f"{onnxruntime.__version__} from {origin}, providers {providers}"


def _onnx() -> str:
    try:
        import onnx
    except ImportError as error:
        raise missing("onnx", "roiops", "cpu", "gpu") from error
    return str(onnx.__version__)


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


_PARTS = {
    "package": _package,
    "library": _library,
    "override library": lambda: roiops.get_library_path(override_standard=True),
    "mmdeploy library": lambda: roiops.get_library_path(mmdeploy=True),
    "instruction sets": _instruction_sets,
    "CUDA kernels": _cuda_kernels,
    "onnxruntime": _onnxruntime,
    "onnx": _onnx,
}


def _problem(dtype: np.dtype) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two small images, boxes inside, partly outside and outside of them, and the boxes of each image."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2, 19, 15, 21)).astype(dtype)
    boxes = rng.uniform(-10, 90, (8, 2))
    return x, np.hstack([boxes, boxes + rng.uniform(1, 60, (8, 2))]), np.array([3, 5])


def _verdict(found: np.ndarray, expected: np.ndarray, dtype: str) -> str:
    difference = float(np.abs(found.astype(np.float64) - expected).max())
    if not difference <= _TOLERANCE[dtype]:
        raise AssertionError(
            f"differs from the reference by {difference:.1e}, allowed is {_TOLERANCE[dtype]:.0e}"
        )
    return f"largest difference from the reference {difference:.1e}"


def _test_dtype(dtype: str) -> str:
    if dtype == "bfloat16":
        try:
            from ml_dtypes import bfloat16
        except ImportError:
            return "not run, ml_dtypes is not installed"
    x, boxes, counts = _problem(np.dtype(bfloat16 if dtype == "bfloat16" else dtype))
    results = [
        (
            run(x, boxes, counts, _SIZE, _SCALE, ratio, aligned)
            for run in (roiops.roi_align, reference.roi_align)
        )
        for ratio in (-1, 2)
        for aligned in (True, False)
    ]
    found, expected = (np.stack(arrays) for arrays in zip(*results))
    return _verdict(found, expected, dtype)


def _test_pyramid() -> str:
    x, boxes, counts = _problem(np.dtype(np.float32))
    arguments = [x, x[:, :, ::2, ::2]], boxes, counts, np.arange(len(boxes)) % 2, _SIZE, [_SCALE, _SCALE / 2]
    found = roiops.multiscale_roi_align(*arguments)
    return _verdict(found, reference.multiscale_roi_align(*arguments), "float32")


def _test_standard() -> str:
    x, boxes, counts = _problem(np.dtype(np.float32))
    indices = np.repeat(np.arange(len(counts)), counts)
    feeds = {"X": x, "rois": boxes.astype(np.float32), "batch_indices": indices}
    found = run_model(standard_model(_SIZE, _SCALE), feeds, plugin=True, override_standard=True)
    return _verdict(found, reference.roi_align(x, boxes, counts, _SIZE, _SCALE), "float32")
