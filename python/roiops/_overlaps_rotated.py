"""Overlap and suppression of rotated boxes on NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from roiops import _session
from roiops._arrays import as_array
from roiops.operators import BOX_IOU_ROTATED, NMS_ROTATED, Operator
from roiops.operators._operator import FEATURE_TYPES
from roiops.operators._shapes import check_shape


def box_iou_rotated(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    mode: str = "iou",
    clockwise: bool = True,
    angle_unit: str = "radians",
) -> np.ndarray:
    """Return the overlap of every rotated box of ``a`` with every one of ``b``, by ONNX Runtime on the CPU.

    Args:
        a: (A, 5) boxes as cx, cy, w, h, angle; float32, float64, float16 or bfloat16.
        b: (B, 5) boxes of the dtype of ``a``.
        mode: "iou", the shared area over that of the union; "iof", over the area of the box of ``a``.
        clockwise: the angle turns x towards y, which points down.
        angle_unit: "radians" or "degrees".

    Returns:
        (A, B), the dtype of the boxes. 0 with a box that has a side which is not positive, NaN with one that
        is not finite.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    arguments = BOX_IOU_ROTATED.check(mode=mode, clockwise=clockwise, angle_unit=angle_unit)
    inputs = _arrays_of_one_type(BOX_IOU_ROTATED, a=a, b=b)
    return _session.run(BOX_IOU_ROTATED, inputs, arguments)[0]


def nms_rotated(
    boxes: npt.ArrayLike,
    scores: npt.ArrayLike,
    iou_threshold: float,
    score_threshold: float | None = None,
    labels: npt.ArrayLike | None = None,
    clockwise: bool = True,
    angle_unit: str = "radians",
    inclusive: bool = False,
    *,
    iou: str = "polygon",
    suppression: str = "greedy",
) -> np.ndarray:
    """Return the boxes that non-maximum suppression keeps, by ONNX Runtime on the CPU.

    Args:
        boxes: (B, 5) as cx, cy, w, h, angle; float32, float64, float16 or bfloat16.
        scores: (B,), the dtype of the boxes. A NaN score is dropped.
        iou_threshold: between 0 and 1; a box falls if its overlap with a kept one is larger.
        score_threshold: only boxes with a greater score; None: all.
        labels: (B,) integers; boxes of different labels do not suppress each other.
        clockwise: the angle turns x towards y, which points down.
        angle_unit: "radians" or "degrees".
        inclusive: a box falls at the threshold itself, too, as on the CPU in mmcv and Detectron2.
        iou: "polygon", or "gaussian" for Ultralytics' ``probiou``.
        suppression: "greedy", or "fast": suppressed boxes suppress, too.

    Returns:
        (K,) int64 indices of boxes by descending score, of equal ones the lower index first. Boxes that are
        not finite suppress nothing and are not suppressed.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    arguments = NMS_ROTATED.check(
        iou_threshold=iou_threshold,
        score_threshold=score_threshold,
        inclusive=inclusive,
        iou=iou,
        suppression=suppression,
        clockwise=clockwise,
        angle_unit=angle_unit,
    )
    box_array, score_array = as_array(boxes, "boxes"), as_array(scores, "scores")
    if box_array.ndim != 2 or box_array.shape[1] != 5:
        raise ValueError(f"boxes: expected shape (B, 5), got {box_array.shape}")
    if score_array.shape != (len(box_array),):
        raise ValueError(f"scores: expected shape ({len(box_array)},), got {score_array.shape}")
    # Boxes of a label are an image of their own, filled up with boxes whose scores are dropped.
    members = _by_label(labels, len(box_array))
    longest = max(map(len, members), default=0)
    images = np.zeros((len(members), longest, 5), box_array.dtype)
    padded = np.full((len(members), 1, longest), np.nan, score_array.dtype)
    for image, rows in enumerate(members):
        images[image, : len(rows)] = box_array[rows]
        padded[image, 0, : len(rows)] = score_array[rows]
    inputs = _arrays_of_one_type(NMS_ROTATED, boxes=images, scores=padded)
    selected = _session.run(NMS_ROTATED, inputs, arguments)[0]
    kept = np.array([members[image][row] for image, _, row in selected], np.int64)
    order = np.lexsort((kept, -score_array[kept].astype(np.float64)))
    return kept[order]


def _by_label(labels: Any, count: int) -> list[np.ndarray]:
    """Return the rows of each label, ascending."""
    if labels is None:
        return [np.arange(count)]
    array = as_array(labels, "labels")
    if array.size == 0 and not isinstance(labels, np.ndarray):
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"labels: expected an integer dtype, got {array.dtype}")
    if array.shape != (count,):
        raise ValueError(f"labels: expected shape ({count},), one label per box, got {array.shape}")
    order = np.argsort(array, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(array[order])) + 1) if count else []


def _arrays_of_one_type(operator: Operator, **values: Any) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    for given in operator.inputs:
        array = as_array(values[given.name], given.name)
        if array.dtype.name not in FEATURE_TYPES:
            raise TypeError(f"{given.name}: expected dtype {' or '.join(FEATURE_TYPES)}, got {array.dtype}")
        first = next(iter(arrays.values()), array)
        if array.dtype != first.dtype:
            raise TypeError(f"{given.name}: expected dtype {first.dtype} as of the boxes, got {array.dtype}")
        check_shape(given, array.shape, given.name)
        arrays[given.name] = array
    return arrays
