"""What users have, as NumPy arrays: arrays, lists, torch tensors; boxes in the forms of frameworks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def as_array(value: Any, name: str) -> np.ndarray:
    """Return a value as an array in the machine's byte order.

    Raises:
        TypeError, ValueError: it has no array; the message starts with ``name`` and says what to do.
    """
    if type(value) is not np.ndarray:
        value = _converted(value, name)
    return value if value.dtype.isnative else value.astype(value.dtype.newbyteorder("="))


def boxes_and_batch(
    boxes: Any, boxes_num: Any, batch_indices: Any, images: int | None, columns: int = 4
) -> tuple[Any, Any, str, str]:
    """Bring boxes and their images into the form that operators take.

    Args:
        boxes: (K, columns); (K, columns + 1) with the image of each box first; or a sequence of one
            (K_n, columns) per image.
        boxes_num: boxes of each image (N,), or None.
        batch_indices: image of each box (K,), or None.
        images: number of images, if it is known.
        columns: numbers of a box.

    Returns:
        Boxes (K, columns), the batch, its ``batch_format``, and what messages call the batch.

    Raises:
        TypeError, ValueError: boxes whose images are not known, or said twice.
    """
    if boxes_num is not None:
        if batch_indices is not None:
            raise ValueError("batch_indices: expected None beside boxes_num, or boxes_num None")
        return boxes, boxes_num, "boxes_num", "boxes_num"
    if batch_indices is not None:
        return boxes, batch_indices, "batch_indices", "batch_indices"
    if isinstance(boxes, (list, tuple)) and boxes and all(map(_is_of_an_image, boxes)):
        return (*_joined(boxes, images, columns), "boxes_num", "boxes")
    rois = as_array(boxes, "boxes")
    if rois.ndim != 2 or rois.shape[1] != columns + 1:
        raise ValueError(
            f"boxes: without boxes_num and batch_indices expected shape (K, {columns + 1}), the image of "
            f"each box first, or one array (K_n, {columns}) per image, got shape {rois.shape}"
        )
    return rois[:, 1:], _image_column(rois[:, 0]), "batch_indices", "boxes[:, 0]"


def _is_of_an_image(value: Any) -> bool:
    """Whether a value is a matrix, or empty; a row of numbers is neither."""
    if hasattr(value, "ndim"):
        return value.ndim == 2
    return isinstance(value, Sequence) and all(hasattr(row, "__len__") for row in value)


def _joined(boxes: Sequence[Any], images: int | None, columns: int) -> tuple[np.ndarray, np.ndarray]:
    if images is not None and len(boxes) != images:
        raise ValueError(f"boxes: expected one array of boxes per image ({images}), got {len(boxes)}")
    arrays = [as_array(each, f"boxes[{i}]") for i, each in enumerate(boxes)]
    for i, array in enumerate(arrays):
        if array.shape[1:] != (columns,) and array.shape != (0,):
            raise ValueError(f"boxes[{i}]: expected shape (K, {columns}), got {array.shape}")
    counts = np.array([len(array) for array in arrays], np.int64)
    return np.concatenate([array.reshape(-1, columns) for array in arrays]), counts


def _image_column(column: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        indices = column.astype(np.int64)
    if not (indices == column).all():
        row = int(np.argmin(indices == column))
        raise ValueError(f"boxes: expected the number of an image in column 0, row {row} has {column[row]}")
    return indices


def _converted(value: Any, name: str) -> np.ndarray:
    if type(value).__module__ == "torch":
        _refuse_tensors_without_array(value, name)
    try:
        return np.asarray(value)
    except ValueError as error:
        hint = "; are all rows of one length?" if isinstance(value, (list, tuple)) else ""
        raise ValueError(f"{name}: not an array of numbers ({error}){hint}") from error


def _refuse_tensors_without_array(value: Any, name: str) -> None:
    if value.requires_grad:
        raise TypeError(f"{name}: a tensor that requires grad has no array; pass {name}.detach()")
    if value.device.type != "cpu":
        raise TypeError(f"{name}: expected a tensor on the CPU, got {value.device}; pass {name}.cpu()")
    if str(value.dtype) == "torch.bfloat16":
        raise TypeError(
            f"{name}: NumPy has no bfloat16; pass {name}.float(), or an array of ml_dtypes.bfloat16"
        )
