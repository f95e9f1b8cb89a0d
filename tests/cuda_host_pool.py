"""The block algorithm of the CUDA kernels compiled for this machine's processor, called through ctypes."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

import ml_dtypes
import numpy as np

DTYPES = [np.dtype(t) for t in (np.float32, np.float64, np.float16, ml_dtypes.bfloat16)]
POOLINGS = ["avg", "max", "max_corners"]
_ROOT = Path(__file__).resolve().parents[1]
_COMPILERS = ["c++", "g++", "clang++"]


def find_compiler() -> str | None:
    return next((path for path in map(shutil.which, _COMPILERS) if path), None)


class HostPool:
    """RoIAlign as the device computes it, on arrays in host memory."""

    def __init__(self, folder: Path):
        library = folder / "block_on_host.so"
        sources = [_ROOT / "tests/cuda/block_on_host.cc", _ROOT / "ops/roi_align/cuda/request.cc"]
        options = [
            "-std=c++17",
            "-O1",
            "-ffp-contract=off",
            "-fPIC",
            "-shared",
            "-pthread",
            "-I",
            _ROOT / "ops",
        ]
        # Sanitizers that are preloaded are for the tests, not for the compiler.
        environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        command = [find_compiler(), *options, *sources, "-o", library]
        subprocess.run(command, check=True, env=environment)
        self._pool = ctypes.CDLL(str(library)).PoolOnHost

    def __call__(
        self,
        xs,
        boxes,
        batch,
        output_size,
        scales,
        ratio=-1,
        aligned=True,
        mode="avg",
        batch_format="boxes_num",
        levels=None,
    ) -> np.ndarray:
        """Pool; arguments as in ``roiops.reference.multiscale_roi_align``, ``levels`` optional."""
        images, channels = xs[0].shape[:2]
        y = np.full((len(boxes), channels, *output_size), np.nan, xs[0].dtype)
        pointers = (ctypes.c_void_p * len(xs))(*(x.ctypes.data for x in xs))
        extents = np.array([x.shape[2:] for x in xs], np.int64)
        self._pool(
            DTYPES.index(xs[0].dtype),
            len(xs),
            pointers,
            _pointer(extents),
            _pointer(np.array(scales, np.float32)),
            _pointer(boxes),
            ctypes.c_bool(boxes.dtype == np.float32),
            _pointer(batch),
            ctypes.c_bool(batch.dtype == np.int64),
            ctypes.c_bool(batch_format == "boxes_num"),
            _pointer(levels),
            _pointer(y),
            *map(ctypes.c_int64, (len(boxes), images, channels, *output_size, ratio)),
            ctypes.c_bool(aligned),
            POOLINGS.index(mode),
        )
        return y


def _pointer(array: np.ndarray | None) -> ctypes.c_void_p | None:
    return None if array is None else array.ctypes.data_as(ctypes.c_void_p)
