"""RoIPool on NumPy arrays, called as in torchvision or as in Paddle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from roiops._pooling import pool
from roiops.operators import ROI_POOL


@overload
def roi_pool(
    x: npt.ArrayLike,
    boxes: npt.ArrayLike | Sequence[npt.ArrayLike],
    output_size: int | Sequence[int],
    /,
    *,
    spatial_scale: float = 1.0,
    name: str | None = None,
    batch_indices: npt.ArrayLike | None = None,
) -> np.ndarray: ...


@overload
def roi_pool(
    x: npt.ArrayLike,
    boxes: npt.ArrayLike | Sequence[npt.ArrayLike],
    boxes_num: npt.ArrayLike | None = None,
    output_size: int | Sequence[int] = ...,
    spatial_scale: float = 1.0,
    name: str | None = None,
    *,
    batch_indices: npt.ArrayLike | None = None,
) -> np.ndarray: ...


def roi_pool(
    x: npt.ArrayLike,
    boxes: npt.ArrayLike | Sequence[npt.ArrayLike],
    boxes_num: npt.ArrayLike | int | Sequence[int] | None = None,
    output_size: npt.ArrayLike | int | Sequence[int] | None = None,
    spatial_scale: float = 1.0,
    name: str | None = None,
    *,
    batch_indices: npt.ArrayLike | None = None,
) -> np.ndarray:
    """Pool every box into a grid of bins of whole pixels, each the largest of its pixels, on the CPU.

    Safe to call from many threads. Arrays may be lists or torch tensors on the CPU that need no gradient::

        roi_pool(x, rois, 7)                                            # rois (K, 5), the image first
        roi_pool(x, [boxes_of_image_0, boxes_of_image_1], 7)            # one (K_n, 4) per image
        roi_pool(x, boxes, boxes_num, 7)                                # boxes (K, 4), sorted by image
        roi_pool(x, boxes, output_size=7, batch_indices=image_of_each_box)

    Without ``output_size``, the third argument is that.

    Args:
        x: features (N, C, H, W), float32, float64, float16 or bfloat16 (from ml_dtypes).
        boxes: (K, 4) as x1, y1, x2, y2 in pixels of the image, the last pixel included; or, without
            ``boxes_num`` and ``batch_indices``, (K, 5) with the image of each box before that, or one
            (K_n, 4) per image. Cast to float32, with float64 ``x`` to float64.
        boxes_num: (N,) boxes of each image, int32 or int64, summing to K; or None.
        output_size: bins per axis, an int or (height, width).
        spatial_scale: pixels of ``x`` per pixel of the image; scaled corners are rounded to whole pixels.
        name: without effect, as in Paddle's dynamic mode.
        batch_indices: (K,) image of each box, int32 or int64, in any order.

    Returns:
        (K, C, height, width), a NumPy array of the dtype of ``x``. A bin without a pixel is 0.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    if output_size is None:
        boxes_num, output_size = None, boxes_num
    return pool(
        ROI_POOL,
        {"x": x, "boxes": boxes},
        boxes_num,
        batch_indices,
        name,
        output_size=output_size,
        spatial_scale=spatial_scale,
    )
