"""Checks of the arrays that operators take, for the NumPy functions, the reference and torch's operators.

Every check returns the array in its canonical form and raises ``TypeError`` (wrong kind of value) or
``ValueError`` (right kind, impossible value) with a message that starts with the argument's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from roiops.operators import _boxes
from roiops.operators._operator import INDEX_TYPES, Input, Operator, box_types
from roiops.operators._shapes import check_shape


def inputs(operator: Operator, values: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Check the inputs of an operator on boxes of feature maps.

    Args:
        operator: the operator, whose inputs have the roles "features", "boxes", "batch" and perhaps "levels".
        values: by the inputs' names in Python; the batch by the name of its format.
        arguments: the operator's checked arguments.

    Returns:
        The arrays by the inputs' names; a list for a variadic input.
    """
    maps_input = operator.inputs[operator.index("features")]
    maps = _feature_maps(maps_input, values[maps_input.argument], arguments)
    images = len(maps[0])
    checked: dict[str, Any] = {}
    boxes_input = operator.inputs[operator.index("boxes")]
    checked["boxes"] = boxes(values["boxes"], box_dtype(maps[0].dtype), boxes_input)
    count = len(checked["boxes"])
    for given in operator.inputs:
        if given.role == "batch":
            checked[given.name] = batch(values[given.argument], arguments["batch_format"], images, count)
        elif given.role == "levels":
            checked[given.name] = levels(values[given.argument], len(maps), count)
    checked[maps_input.name] = maps if maps_input.variadic else maps[0]
    return checked


def features(value: Any, name: str = "x") -> np.ndarray:
    """Check a feature map: an array of shape (N, C, H, W) of one of the operators' dtypes."""
    array = as_array(value, name)
    _check_dtype(array, name, _boxes.TYPES[0].allowed)
    check_shape(_boxes.FEATURES, array.shape, name)
    return array


def box_dtype(feature_dtype: np.dtype) -> np.dtype:
    """Return the dtype in which boxes and coordinates are held: float32, with float64 features float64."""
    return np.dtype(box_types(feature_dtype.name)[0])


def boxes(value: Any, dtype: np.dtype, given: Input = _boxes.BOXES) -> np.ndarray:
    """Check boxes, one per row of the shape of ``given``, and cast them to ``dtype``, finite there."""
    array = as_array(value, "boxes")
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise TypeError(f"boxes: expected a floating dtype, got {array.dtype}")
    check_shape(given, array.shape, "boxes")
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
    return array.astype(np.int64, copy=False)


def as_array(value: Any, name: str) -> np.ndarray:
    """Return a value as an array in the machine's byte order."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: not an array of numbers ({error})") from error
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


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


def _check_dtype(array: np.ndarray, name: str, allowed: Sequence[str]) -> None:
    if array.dtype.name not in allowed:
        raise TypeError(f"{name}: expected dtype {' or '.join(allowed)}, got {array.dtype}")


def _index_vector(value: Any, name: str, length: int, what: str) -> np.ndarray:
    array = as_array(value, name)
    if array.size == 0 and not isinstance(value, np.ndarray):
        array = array.astype(np.int64)
    _check_dtype(array, name, INDEX_TYPES)
    if array.shape != (length,):
        raise ValueError(f"{name}: expected shape ({length},), {what}, got {array.shape}")
    return array


def _check_range(array: np.ndarray, name: str, low: int, high: int) -> None:
    bad = (array < low) | (array > high)
    if bad.any():
        i = int(np.argmax(bad))
        raise ValueError(f"{name}: expected values between {low} and {high}, {name}[{i}] is {array[i]}")
