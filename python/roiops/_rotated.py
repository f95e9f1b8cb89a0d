"""Rotated boxes on NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from roiops import _checks, _session
from roiops._arrays import as_array, image_column
from roiops.operators import BOX_IOU_ROTATED, NMS_ROTATED, ROI_ALIGN_ROTATED, Operator
from roiops.operators._operator import FEATURE_TYPES


@overload
def roi_align_rotated(
    x: npt.ArrayLike,
    boxes: npt.ArrayLike,
    output_size: int | Sequence[int],
    /,
    *,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    clockwise: bool = False,
    angle_unit: str = "radians",
    mode: str = "avg",
) -> np.ndarray: ...
@overload
def roi_align_rotated(
    x: npt.ArrayLike,
    boxes: npt.ArrayLike,
    boxes_num: npt.ArrayLike | None,
    output_size: int | Sequence[int],
    /,
    *,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    clockwise: bool = False,
    angle_unit: str = "radians",
    mode: str = "avg",
) -> np.ndarray: ...
def roi_align_rotated(
    x: Any,
    boxes: Any,
    *images_and_size: Any,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    clockwise: bool = False,
    angle_unit: str = "radians",
    mode: str = "avg",
) -> np.ndarray:
    """Pool every rotated box into a grid of bins, by ONNX Runtime on the CPU.

    The image of each box is said in one of two ways::

        roi_align_rotated(x, rois, 7)                # rois (K, 6), the image first, in any order
        roi_align_rotated(x, boxes, boxes_num, 7)    # boxes (K, 5), sorted by image

    mmcv's ``roi_align_rotated`` is the first with ``clockwise`` as given there; Detectron2's the first with
    ``angle_unit="degrees"``.

    Args:
        x: features (N, C, H, W), float32, float64, float16 or bfloat16 (from ml_dtypes).
        boxes: (K, 5) as cx, cy, w, h in pixels of the image and an angle, or (K, 6) with the image of each
            box before that. Cast to float32, with float64 ``x`` to float64.
        images_and_size: the output size, bins per axis, an int or (height, width); before it, with boxes
            (K, 5), the number of boxes of each image (N,), int32 or int64.
        spatial_scale: pixels of ``x`` per pixel of the image.
        sampling_ratio: samples per bin and axis, at most 1024; <= 0 takes ceil(box size / output size).
        aligned: shift by half a pixel and keep small boxes small; otherwise sides are at least one pixel.
        clockwise: the angle turns x towards y, which points down.
        angle_unit: "radians" or "degrees".
        mode: "avg", or "max" for the largest interpolated sample of each bin.

    Returns:
        (K, C, height, width), the dtype of ``x``.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    if len(images_and_size) not in (1, 2):
        raise TypeError(
            "roi_align_rotated: expected (x, rois, output_size) or (x, boxes, boxes_num, output_size), got "
            f"{2 + len(images_and_size)} positional arguments"
        )
    *counts, output_size = images_and_size
    batch, batch_format, batch_name = (counts or [None])[0], "boxes_num", "boxes_num"
    if batch is None:
        rois = as_array(boxes, "boxes")
        if rois.ndim != 2 or rois.shape[1] != 6:
            raise ValueError(
                f"boxes: without boxes_num expected shape (K, 6), the image of each box first, "
                f"got {rois.shape}"
            )
        boxes, batch = rois[:, 1:], image_column(rois[:, 0])
        batch_format, batch_name = "batch_indices", "boxes[:, 0]"
    arguments = ROI_ALIGN_ROTATED.check(
        output_size=output_size,
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        clockwise=clockwise,
        angle_unit=angle_unit,
        mode=mode,
        batch_format=batch_format,
    )
    inputs = _checks.inputs(
        ROI_ALIGN_ROTATED, {"x": x, "boxes": boxes, "batch": batch}, arguments, batch_name
    )
    return _session.run(ROI_ALIGN_ROTATED, inputs, arguments)[0]


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
        _checks.check_shape(given, array.shape, given.name)
        arrays[given.name] = array
    return arrays
