"""Requests of PasteMasks and HeatmapsToKeypoints for the device, as C++ takes them through ctypes."""

from __future__ import annotations

import ctypes

import numpy as np

CONVENTIONS = ["torchvision", "detectron2", "mmdetection"]
OUTPUTS = ["soft", "bool", "uint8"]
_DTYPES = {"float32": 0, "float64": 1, "float16": 2, "bfloat16": 3, "uint16": 3}  # uint16: as bits


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


def plain_paste(masks, boxes, output, convention, kind, threshold=0.5) -> PlainPaste:
    """The arguments as C++ takes them; ``output`` (K, H, W) is written."""
    return PlainPaste(
        *(array.ctypes.data for array in (masks, boxes, output)),
        *masks.shape,
        *output.shape[1:],
        _DTYPES[masks.dtype.name],
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
        _DTYPES[maps.dtype.name],
        boxes.dtype == np.float32,
        CONVENTIONS.index(convention),
    )


def pasted_array(masks, size, kind) -> np.ndarray:
    """Return an array for the result, whose contents no kernel writes."""
    dtype = masks.dtype if kind == "soft" else np.uint8
    array = np.empty((len(masks), *size), dtype)
    array.view(np.uint8)[...] = 0xA5
    return array
