"""RoIAlign of rotated boxes on NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from roiops._pooling import pool
from roiops.operators import ROI_ALIGN_ROTATED


@overload
def roi_align_rotated(
    x: npt.ArrayLike,
    boxes: npt.ArrayLike | Sequence[npt.ArrayLike],
    output_size: int | Sequence[int],
    /,
    *,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    clockwise: bool = False,
    angle_unit: str = "radians",
    mode: str = "avg",
    batch_indices: npt.ArrayLike | None = None,
) -> np.ndarray: ...


@overload
def roi_align_rotated(
    x: npt.ArrayLike,
    boxes: npt.ArrayLike | Sequence[npt.ArrayLike],
    boxes_num: npt.ArrayLike | None = None,
    output_size: int | Sequence[int] = ...,
    *,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    clockwise: bool = False,
    angle_unit: str = "radians",
    mode: str = "avg",
    batch_indices: npt.ArrayLike | None = None,
) -> np.ndarray: ...


def roi_align_rotated(
    x: npt.ArrayLike,
    boxes: npt.ArrayLike | Sequence[npt.ArrayLike],
    boxes_num: npt.ArrayLike | int | Sequence[int] | None = None,
    output_size: npt.ArrayLike | int | Sequence[int] | None = None,
    *,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    clockwise: bool = False,
    angle_unit: str = "radians",
    mode: str = "avg",
    batch_indices: npt.ArrayLike | None = None,
) -> np.ndarray:
    """Pool every rotated box into a grid of bins, by ONNX Runtime on the CPU.

    Safe to call from many threads. Arrays may be lists or torch tensors on the CPU that need no gradient::

        roi_align_rotated(x, rois, 7)                                   # rois (K, 6), the image first
        roi_align_rotated(x, [boxes_of_image_0, boxes_of_image_1], 7)   # one (K_n, 5) per image
        roi_align_rotated(x, boxes, boxes_num, 7)                       # boxes (K, 5), sorted by image
        roi_align_rotated(x, boxes, output_size=7, batch_indices=image_of_each_box)

    Without ``output_size``, the third argument is that. Detectron2's angles are ``angle_unit="degrees"``.

    Args:
        x: features (N, C, H, W), float32, float64, float16 or bfloat16 (from ml_dtypes).
        boxes: (K, 5) as cx, cy, w, h in pixels of the image and an angle; or, without ``boxes_num`` and
            ``batch_indices``, (K, 6) with the image of each box before that, or one (K_n, 5) per image.
            Cast to float32, with float64 ``x`` to float64.
        boxes_num: (N,) boxes of each image, int32 or int64, summing to K; or None.
        output_size: bins per axis, an int or (height, width).
        spatial_scale: pixels of ``x`` per pixel of the image.
        sampling_ratio: samples per bin and axis, at most 1024; <= 0 takes ceil(box size / output size).
        aligned: shift by half a pixel and keep small boxes small; otherwise sides are at least one pixel.
        clockwise: the angle turns x towards y, which points down.
        angle_unit: "radians" or "degrees".
        mode: "avg", or "max" for the largest interpolated sample of each bin.
        batch_indices: (K,) image of each box, int32 or int64, in any order.

    Returns:
        (K, C, height, width), the dtype of ``x``.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    if output_size is None:
        boxes_num, output_size = None, boxes_num
    return pool(
        ROI_ALIGN_ROTATED,
        {"x": x, "boxes": boxes},
        boxes_num,
        batch_indices,
        None,
        output_size=output_size,
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        clockwise=clockwise,
        angle_unit=angle_unit,
        mode=mode,
    )
