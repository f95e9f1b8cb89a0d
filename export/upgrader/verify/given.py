"""Inputs from files: arrays in an .npz, or a picture."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.errors import UpgradeError

Array = np.ndarray[Any, Any]


def read_inputs(path: Path, model: ir.Model) -> dict[str, Array]:
    """Return the arrays of an .npz file by the model's inputs' names, or a picture for its image inputs.

    A picture becomes RGB, channels first (last where the input says so), 0 to 1 in a floating type and 0 to
    255 in an integer one; it is resized where the input has a fixed size.

    Raises:
        UpgradeError: the file is none of both, or does not fit the model.
    """
    if not path.is_file():
        raise UpgradeError(f"{path}: there is no such file")
    return _arrays(path, model) if zipfile.is_zipfile(path) else _picture(path, model)


def _inputs(model: ir.Model) -> dict[str, ir.Value]:
    return {v.name or "": v for v in model.graph.inputs if v.name not in model.graph.initializers}


def _arrays(path: Path, model: ir.Model) -> dict[str, Array]:
    inputs = _inputs(model)
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UpgradeError(f"{path}: not a readable .npz file: {error}") from error
    for name, array in arrays.items():
        if name not in inputs:
            wanted = ", ".join(inputs)
            raise UpgradeError(f"{path}: the model has no input {name!r}; its inputs are {wanted}")
        dtype = inputs[name].dtype
        if dtype is not None and array.dtype != dtype.numpy():
            raise UpgradeError(f"{path}: {name} is {array.dtype}, the model takes {dtype.numpy()}")
    return arrays


def _picture(path: Path, model: ir.Model) -> dict[str, Array]:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise UpgradeError(f"{path}: reading a picture needs Pillow: pip install pillow") from error
    try:
        with Image.open(path) as file:
            image = file.convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        raise UpgradeError(f"{path}: neither an .npz file nor a readable picture: {error}") from error
    arrays = {}
    for name, value in _inputs(model).items():
        layout = _layout(value)
        if layout is not None:
            arrays[name] = _as_input(image, value, layout)
    if not arrays:
        found = ", ".join(f"{name} {value.shape}" for name, value in _inputs(model).items())
        raise UpgradeError(
            f"{path}: no input of the model takes a picture of 3 channels: {found}; give an .npz"
        )
    return arrays


def _layout(value: ir.Value) -> str | None:
    """Where the channels are, "first" or "last"; None if it is no image of three."""
    if value.shape is None or len(value.shape) not in (3, 4):
        return None
    *_, a, b, c = value.shape
    if a == 3:
        return "first"
    if c == 3:
        return "last"
    unknown = not isinstance(a, int) and not isinstance(c, int)
    return "first" if unknown and len(value.shape) == 4 and not isinstance(b, int) else None


def _as_input(image: Any, value: ir.Value, layout: str) -> Array:
    assert value.shape is not None
    *leading, a, b, c = value.shape
    height, width = (b, c) if layout == "first" else (a, b)
    size = tuple(
        d if isinstance(d, int) else own for d, own in ((width, image.width), (height, image.height))
    )
    pixels = np.asarray(image if size == image.size else image.resize(size))
    dtype = (value.dtype or ir.DataType.FLOAT).numpy()
    array = pixels.astype(dtype) if np.issubdtype(dtype, np.integer) else (pixels / 255).astype(dtype)
    array = array.transpose(2, 0, 1) if layout == "first" else array
    for count in leading:
        array = np.repeat(array[None], count if isinstance(count, int) else 1, axis=0)
    return np.ascontiguousarray(array)
