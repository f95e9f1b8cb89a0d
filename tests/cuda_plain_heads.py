"""PasteMasks and HeatmapsToKeypoints as the device computes them, on arrays in host memory."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
from cuda_host_pool import DTYPES, compile_for_host

CONVENTIONS = ["torchvision", "detectron2", "mmdetection"]
OUTPUTS = ["soft", "bool", "uint8"]


def _fields(pointers: str, sizes: str, numbers: str) -> list[tuple]:
    fields = [(name, ctypes.c_void_p) for name in pointers.split()]
    fields += [(name, ctypes.c_int64) for name in sizes.split()]
    return fields + [(name, ctypes.c_int32) for name in numbers.split()]


class PlainPaste(ctypes.Structure):
    """The struct of tests/cuda/plain_heads.h."""

    _fields_ = [
        *_fields(
            "masks boxes output",
            "count mask_height mask_width image_height image_width",
            "dtype float_boxes convention output_kind",
        ),
        ("threshold", ctypes.c_float),
    ]


class PlainKeypoints(ctypes.Structure):
    """The struct of tests/cuda/plain_heads.h."""

    _fields_ = _fields(
        "maps boxes points scores", "count keypoints height width", "dtype float_boxes convention"
    )


def dtype_index(array: np.ndarray) -> int:
    """Return how C++ calls the type; 16-bit patterns of uint16 are bfloat16."""
    return 3 if array.dtype == np.uint16 else DTYPES.index(array.dtype)


def plain_paste(masks, boxes, output, convention, kind, threshold=0.5) -> PlainPaste:
    """The arguments as C++ takes them; ``output`` (K, H, W) is written."""
    return PlainPaste(
        *(array.ctypes.data for array in (masks, boxes, output)),
        *masks.shape,
        *output.shape[1:],
        dtype_index(masks),
        boxes.dtype == np.float32,
        CONVENTIONS.index(convention),
        OUTPUTS.index(kind),
        threshold,
    )


def plain_keypoints(maps, boxes, points, scores, convention) -> PlainKeypoints:
    """The arguments as C++ takes them; ``points`` and ``scores`` are written."""
    return PlainKeypoints(
        *(array.ctypes.data for array in (maps, boxes, points, scores)),
        *maps.shape,
        dtype_index(maps),
        boxes.dtype == np.float32,
        CONVENTIONS.index(convention),
    )


def pasted_array(masks, size, kind) -> np.ndarray:
    """Return an array for the result, whose contents no kernel writes."""
    dtype = masks.dtype if kind == "soft" else np.uint8
    array = np.empty((len(masks), *size), dtype)
    array.view(np.uint8)[...] = 0xA5
    return array


class HostHeads:
    """Both, compiled for this machine."""

    def __init__(self, folder: Path):
        sources = ["tests/cuda/heads_on_host.cc", "ops/paste_masks/cuda/request.cc"]
        self._library = ctypes.CDLL(str(compile_for_host(folder / "heads_on_host.so", sources)))

    def paste(self, masks, boxes, size, convention, kind, threshold=0.5) -> np.ndarray:
        """Paste; arguments as in ``roiops.reference.paste_masks``."""
        output = pasted_array(masks, size, kind)
        self._library.PasteOnHost(
            ctypes.byref(plain_paste(masks, boxes, output, convention, kind, threshold))
        )
        return output.view(bool) if kind == "bool" else output

    def keypoints(self, maps, boxes, convention) -> tuple[np.ndarray, np.ndarray]:
        """Find keypoints; arguments as in ``roiops.reference.heatmaps_to_keypoints``."""
        points = np.empty((*maps.shape[:2], 3 if convention == "torchvision" else 4), boxes.dtype)
        scores = np.empty(maps.shape[:2], boxes.dtype)
        self._library.KeypointsOnHost(ctypes.byref(plain_keypoints(maps, boxes, points, scores, convention)))
        return points, scores
