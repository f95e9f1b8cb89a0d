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
POOLINGS = ["avg", "max", "max_corners"]  # of RoIAlign
_ROOT = Path(__file__).resolve().parents[1]
DEVICE_SOURCES = ["cuda/roi_inputs.cc", "pooling/cuda/request.cc"]
_COMPILERS = ["c++", "g++", "clang++"]


def find_compiler() -> str | None:
    return next((path for path in map(shutil.which, _COMPILERS) if path), None)


class PlainRequest(ctypes.Structure):
    """The struct of tests/cuda/plain_request.h."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in ("dtype", "map_count")),
        *((name, ctypes.c_void_p) for name in "maps extents scales boxes batch levels output".split()),
        *((name, ctypes.c_int64) for name in "count images channels height width sampling_ratio".split()),
        *(
            (name, ctypes.c_int32)
            for name in "float_boxes wide_batch batch_is_counts aligned pooling".split()
        ),
    ]


def plain_request(xs, boxes, batch, levels, y, scales, ratio, aligned, mode, batch_format) -> PlainRequest:
    """The arguments as C++ takes them; 16-bit patterns of uint16 are bfloat16."""
    dtype = DTYPES[3] if xs[0].dtype == np.uint16 else xs[0].dtype
    maps = (ctypes.c_void_p * len(xs))(*(x.ctypes.data for x in xs))
    extents = np.array([x.shape[2:] for x in xs], np.int64)
    scales = np.array(scales, np.float32)
    request = PlainRequest(
        dtype=DTYPES.index(dtype),
        map_count=len(xs),
        maps=ctypes.cast(maps, ctypes.c_void_p),
        **{
            name: None if array is None else array.ctypes.data
            for name, array in {
                "extents": extents,
                "scales": scales,
                "boxes": boxes,
                "batch": batch,
                "levels": levels,
                "output": y,
            }.items()
        },
        count=len(boxes),
        images=xs[0].shape[0],
        channels=xs[0].shape[1],
        height=y.shape[2],
        width=y.shape[3],
        sampling_ratio=ratio,
        float_boxes=boxes.dtype == np.float32,
        wide_batch=batch.dtype == np.int64,
        batch_is_counts=batch_format == "boxes_num",
        aligned=aligned,
        pooling=[*POOLINGS, "roi_pool"].index(mode),
    )
    request.kept = (maps, extents, scales)  # alive as long as it is
    return request


def compile_for_host(library: Path, sources: list[str]) -> Path:
    """Compile sources of the repository to a library."""
    options = ["-std=c++17", "-O1", "-ffp-contract=off", "-fPIC", "-shared", "-pthread", "-I", _ROOT / "ops"]
    # Sanitizers that are preloaded are for the tests, not for the compiler.
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    command = [find_compiler(), *options, *(_ROOT / source for source in sources), "-o", library]
    subprocess.run(command, check=True, env=environment)
    return library


class HostPool:
    """RoIAlign as the device computes it, on arrays in host memory."""

    def __init__(self, folder: Path):
        sources = ["tests/cuda/block_on_host.cc", *(f"ops/{name}" for name in DEVICE_SOURCES)]
        library = compile_for_host(folder / "block_on_host.so", sources)
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
        y = np.full((len(boxes), xs[0].shape[1], *output_size), np.nan, xs[0].dtype)
        self._pool(
            ctypes.byref(
                plain_request(xs, boxes, batch, levels, y, scales, ratio, aligned, mode, batch_format)
            )
        )
        return y
