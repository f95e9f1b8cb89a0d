"""Checks of the arrays that operators take, for the NumPy functions, the reference and torch's operators.

Every check returns the array in its canonical form and raises ``TypeError`` (wrong kind of value) or
``ValueError`` (right kind, impossible value) with a message that starts with the argument's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from roiops._arrays import as_array
from roiops.operators import _boxes
from roiops.operators._operator import INDEX_TYPES, Input, Operator, box_types
from roiops.operators._shapes import check_shape


def inputs(
    operator: Operator,
    values: Mapping[str, Any],
    arguments: Mapping[str, Any],
    batch_name: str | None = None,
) -> dict[str, Any]:
    """Check the inputs of an operator on boxes of feature maps.

    Args:
        operator: the operator, whose inputs have the roles "features", "boxes", "batch" and perhaps "levels".
        values: by the inputs' names in Python.
        arguments: the operator's checked arguments.
        batch_name: what messages call the batch; by default its format.

    Returns:
        The arrays by the inputs' names; a list for a variadic input.
    """
    maps_input = operator.inputs[operator.index("features")]
    maps = _feature_maps(maps_input, values[maps_input.argument], arguments)
    images = len(maps[0])
    boxes_input = operator.inputs[operator.index("boxes")]
    array = boxes(values["boxes"], box_dtype(maps[0].dtype), boxes_input)
    checked: dict[str, Any] = {maps_input.name: maps if maps_input.variadic else maps[0], "boxes": array}
    for given in operator.inputs:
        if given.role == "batch":
            value, batch_format = values[given.argument], arguments["batch_format"]
            checked[given.name] = batch(value, batch_format, images, len(array), batch_name)
        elif given.role == "levels":
            checked[given.name] = levels(values[given.argument], len(maps), len(array))
    return checked


def features(value: Any, name: str = "x") -> np.ndarray:
    """Check a feature map: an array of shape (N, C, H, W) of one of the operators' dtypes."""
    array = as_array(value, name)
    _check_dtype(array, name, _boxes.TYPES[0].allowed, "float32")
    if array.ndim == 3 and array.shape[2] in (1, 3, 4):
        raise ValueError(
            f"{name}: expected shape (N, C, H, W), got {array.shape}; a picture (H, W, C) becomes that by "
            f"{name}.transpose(2, 0, 1)[None]"
        )
    check_shape(_boxes.FEATURES, array.shape, name)
    return array


@lru_cache(maxsize=16)
def box_dtype(feature_dtype: np.dtype) -> np.dtype:
    """Return the dtype in which boxes and coordinates are held: float32, with float64 features float64."""
    return np.dtype(box_types(feature_dtype.name)[0])


@lru_cache(maxsize=16)
def type_name(dtype: np.dtype) -> str:
    """Return the element type of an array as the table of operators names it."""
    return dtype.name  # which NumPy makes anew every time


def boxes(value: Any, dtype: np.dtype, given: Input = _boxes.BOXES) -> np.ndarray:
    """Check boxes, one per row of the shape of ``given``, and cast them to ``dtype``, finite there."""
    name = given.argument
    array = as_array(value, name)
    if array.dtype.kind not in "fiu" and type_name(array.dtype) != "bfloat16":
        raise TypeError(f"{name}: expected a floating dtype, got {array.dtype}")
    check_shape(given, array.shape, name)
    cast = array if array.dtype == dtype else _cast(array, dtype)
    if np.count_nonzero(np.isfinite(cast)) != cast.size:  # faster than all() where boxes are few
        row = int(np.argmin(np.isfinite(cast).all(axis=1)))
        raise ValueError(f"{name}: expected finite values in {dtype}, row {row} is {array[row].tolist()}")
    return cast


def batch(value: Any, batch_format: str, images: int, box_count: int, name: str | None = None) -> np.ndarray:
    """Check boxes_num (counts per image) or batch_indices (image per box) for N images and K boxes."""
    name = name or batch_format
    if batch_format == "boxes_num":
        array = _index_vector(value, name, images, "one count per image")
        counts = array.tolist()  # Python's integers do not overflow
        if sum(counts) != box_count or min(counts, default=0) < 0:
            _check_range(array, name, 0, box_count)
            raise ValueError(f"{name}: expected a sum of {box_count} (boxes), got {sum(counts)}")
        return array
    array = _index_vector(value, name, box_count, "one image per box")
    _check_range(array, name, 0, images - 1)
    return array


def levels(value: Any, maps: int, box_count: int) -> np.ndarray:
    """Check the level of each box: int32 or int64, K values in [0, number of feature maps)."""
    array = _index_vector(value, "levels", box_count, "one level per box")
    _check_range(array, "levels", 0, maps - 1)
    return array.astype(np.int64, copy=False)


def typed_array(value: Any, name: str, allowed: Sequence[str]) -> np.ndarray:
    """Return a value as an array of one of the floating element types ``allowed``."""
    array = as_array(value, name)
    _check_dtype(array, name, allowed, "float32")
    return array


def indices(value: Any, name: str, length: int, limit: int) -> np.ndarray:
    """Check ``length`` indices in ``[0, limit)``, one per box: int32 or int64."""
    array = _index_vector(value, name, length, "one per box")
    _check_range(array, name, 0, limit - 1)
    return array


def _feature_maps(given: Input, value: Any, arguments: Mapping[str, Any]) -> list[np.ndarray]:
    if not given.variadic:
        return [features(value, given.argument)]
    if isinstance(value, np.ndarray) or not isinstance(value, Sequence):
        raise TypeError(f"xs: expected a sequence of feature maps, got {type(value).__name__}")
    maps = [features(each, f"xs[{i}]") for i, each in enumerate(value)]
    scales = len(arguments["spatial_scales"])
    if len(maps) != scales:
        raise ValueError(f"xs: expected one feature map per spatial scale ({scales}), got {len(maps)}")
    for i, array in enumerate(maps):
        if array.dtype != maps[0].dtype:
            raise TypeError(f"xs[{i}]: expected dtype {maps[0].dtype} as in xs[0], got {array.dtype}")
        if array.shape[:2] != maps[0].shape[:2]:
            raise ValueError(
                f"xs[{i}]: expected N, C = {maps[0].shape[:2]} as in xs[0], got {array.shape[:2]}"
            )
    return maps


def _cast(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(over="ignore"):
        return array.astype(dtype)


def _check_dtype(array: np.ndarray, name: str, allowed: Sequence[str], target: str) -> None:
    if type_name(array.dtype) in allowed:
        return
    hint = f"; convert it by {name}.astype(np.{target})" if array.dtype.kind in "fiub" else ""
    raise TypeError(f"{name}: expected dtype {' or '.join(allowed)}, got {array.dtype}{hint}")


def _index_vector(value: Any, name: str, length: int, what: str) -> np.ndarray:
    array = as_array(value, name)
    if array.size == 0 and not isinstance(value, np.ndarray):
        array = array.astype(np.int64)
    _check_dtype(array, name, INDEX_TYPES, "int64")
    if array.shape != (length,):
        raise ValueError(f"{name}: expected shape ({length},), {what}, got {array.shape}")
    return array


def _check_range(array: np.ndarray, name: str, low: int, high: int) -> None:
    if array.size and not (low <= array.min() and array.max() <= high):
        i = int(np.argmax((array < low) | (array > high)))
        raise ValueError(f"{name}: expected values between {low} and {high}, {name}[{i}] is {array[i]}")
