"""Argument checks shared by the NumPy functions, the reference and the node builders.

Every check returns the value in its canonical Python or NumPy form and raises ``TypeError`` (wrong kind of
value) or ``ValueError`` (right kind, impossible value) with a message that starts with the argument's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from roiops._values import INT32_MAX, INT64_MAX, choice, float32, integer, value_name  # noqa: F401
from roiops.operators import _boxes
from roiops.operators._operator import FEATURE_TYPES, box_types

MODES = _boxes.MODE.choices
BATCH_FORMATS = _boxes.BATCH_FORMAT.choices

output_size = _boxes.OUTPUT_SIZE.check
spatial_scales = _boxes.SPATIAL_SCALES.check
sampling_ratio = _boxes.SAMPLING_RATIO.check
aligned = _boxes.ALIGNED.check


def spatial_scale(value: Any, name: str = "spatial_scale") -> float:
    """Check a scale: finite and greater than zero, also once rounded to the operator's float32 attribute."""
    return float32(value, name, above=0)


def features(value: Any, name: str = "x") -> np.ndarray:
    """Check a feature map: an array of shape (N, C, H, W) of one of the operator's dtypes."""
    array = _as_array(value, name)
    if array.dtype.name not in FEATURE_TYPES:
        raise TypeError(f"{name}: expected dtype {', '.join(FEATURE_TYPES)}, got {array.dtype}")
    if array.ndim != 4:
        raise ValueError(f"{name}: expected shape (N, C, H, W), got {array.shape}")
    return array


def box_dtype(feature_dtype: np.dtype) -> np.dtype:
    """Return the dtype in which boxes and coordinates are held: float32, with float64 features float64."""
    return np.dtype(box_types(feature_dtype.name)[0])


def boxes(value: Any, dtype: np.dtype) -> np.ndarray:
    """Check boxes of shape (K, 4), x1 y1 x2 y2, and cast them to ``dtype``; they must be finite there."""
    array = _as_array(value, "boxes")
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise TypeError(f"boxes: expected a floating dtype, got {array.dtype}")
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"boxes: expected shape (K, 4), got {array.shape}")
    with np.errstate(over="ignore"):
        cast = array.astype(dtype, copy=False)
    finite = np.isfinite(cast).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ValueError(f"boxes: expected finite values in {dtype}, row {row} is {array[row].tolist()}")
    return cast


def batch(value: Any, batch_format: str, images: int, box_count: int) -> np.ndarray:
    """Check boxes_num (counts per image) or batch_indices (image per box) for N images and K boxes."""
    if batch_format == "boxes_num":
        counts = _index_vector(value, "boxes_num", images, "one count per image")
        _check_range(counts, "boxes_num", 0, box_count)
        if sum(counts.tolist()) != box_count:
            raise ValueError(f"boxes_num: expected a sum of {box_count} (boxes), got {sum(counts.tolist())}")
        return counts
    indices = _index_vector(value, "batch_indices", box_count, "one image per box")
    _check_range(indices, "batch_indices", 0, images - 1)
    return indices


def levels(value: Any, maps: int, box_count: int) -> np.ndarray:
    """Check the level of each box: int32 or int64, K values in [0, number of feature maps)."""
    array = _index_vector(value, "levels", box_count, "one level per box")
    _check_range(array, "levels", 0, maps - 1)
    return array


def pyramid(values: Any, scales: tuple[float, ...]) -> list[np.ndarray]:
    """Check the feature maps of a pyramid: as many as scales, one dtype, N and C for all."""
    if isinstance(values, np.ndarray) or not isinstance(values, Sequence):
        raise TypeError(f"xs: expected a sequence of feature maps, got {type(values).__name__}")
    maps = [features(value, f"xs[{i}]") for i, value in enumerate(values)]
    if len(maps) != len(scales):
        raise ValueError(f"xs: expected one feature map per spatial scale ({len(scales)}), got {len(maps)}")
    for i, array in enumerate(maps):
        if array.dtype != maps[0].dtype:
            raise TypeError(f"xs[{i}]: expected dtype {maps[0].dtype} as in xs[0], got {array.dtype}")
        if array.shape[:2] != maps[0].shape[:2]:
            raise ValueError(
                f"xs[{i}]: expected N, C = {maps[0].shape[:2]} as in xs[0], got {array.shape[:2]}"
            )
    return maps


def _as_array(value: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: not an array of numbers ({error})") from error
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _index_vector(value: Any, name: str, length: int, what: str) -> np.ndarray:
    array = _as_array(value, name)
    if array.size == 0 and not isinstance(value, np.ndarray):
        array = array.astype(np.int64)
    if array.dtype.name not in ("int32", "int64"):
        raise TypeError(f"{name}: expected dtype int32 or int64, got {array.dtype}")
    if array.shape != (length,):
        raise ValueError(f"{name}: expected shape ({length},), {what}, got {array.shape}")
    return array


def _check_range(array: np.ndarray, name: str, low: int, high: int) -> None:
    bad = (array < low) | (array > high)
    if bad.any():
        i = int(np.argmax(bad))
        raise ValueError(f"{name}: expected values between {low} and {high}, {name}[{i}] is {array[i]}")
