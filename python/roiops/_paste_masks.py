"""Masks of detected objects pasted into images, on NumPy arrays."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from roiops import _checks, _session, _values
from roiops.operators import PASTE_MASKS


def paste_masks(
    masks: npt.ArrayLike,
    boxes: npt.ArrayLike,
    image_size: Sequence[int],
    convention: str = "torchvision",
    threshold: float | None = None,
    labels: npt.ArrayLike | None = None,
) -> np.ndarray:
    """Paste the mask of every box into an image of its own, by ONNX Runtime on the CPU.

    Args:
        masks: (K, M, M), (K, 1, M, M) or, with ``labels``, (K, C, M, M); float32, float64, float16 or
            bfloat16.
        boxes: (K, 4) as x1, y1, x2, y2 in pixels of the image; cast to float32, with float64 masks to
            float64.
        image_size: (height, width).
        convention: the rule the model was trained with: "torchvision", "detectron2" or "mmdetection".
        threshold: None gives the interpolated values, >= 0 whether they are at least that, < 0 uint8 images
            of 255 times the values. Rounded to float32.
        labels: (K,) the mask of each box among its C, integers in [0, C).

    Returns:
        (K, height, width): the dtype of ``masks``, bool or uint8. An image of float32 takes four times the
        memory of one of bool: 100 of 800 x 1088 pixels are 348 MB and 87 MB.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    masks = _checked_masks(masks, labels)
    boxes = _checks.boxes(boxes, _checks.box_dtype(masks.dtype))
    if len(masks) != len(boxes):
        raise ValueError(f"masks: expected one mask per box ({len(boxes)}), got {len(masks)}")
    size = _checked_size(image_size)
    threshold = None if threshold is None else _values.float32(threshold, "threshold")
    output = "soft" if threshold is None else "bool" if threshold >= 0 else "uint8"
    given = {"threshold": threshold} if output == "bool" else {}
    arguments = PASTE_MASKS.check(convention=convention, output=output, **given)
    itemsize = masks.itemsize if output == "soft" else 1
    if math.prod((len(masks), *size)) * itemsize > sys.maxsize:
        raise ValueError(f"image_size: {len(masks)} images of {size[0]} x {size[1]} cannot be addressed")
    inputs = {"masks": masks, "boxes": boxes, "image_size": np.array(size, np.int64)}
    return _session.run(PASTE_MASKS, inputs, arguments)[0]


def _checked_masks(value: Any, labels: Any) -> np.ndarray:
    """Return masks (K, M, M), those that labels name."""
    masks = _checks.typed_array(value, "masks", PASTE_MASKS.types[0].allowed)
    if labels is not None:
        if masks.ndim != 4:
            raise ValueError(f"masks: expected shape (K, C, M, M) with labels, got {masks.shape}")
        masks = masks[np.arange(len(masks)), _checks.indices(labels, "labels", len(masks), masks.shape[1])]
    elif masks.ndim == 4 and masks.shape[1] == 1:
        masks = masks[:, 0]
    if masks.ndim != 3:
        raise ValueError(f"masks: expected shape (K, M, M) or (K, 1, M, M) without labels, got {masks.shape}")
    if len(masks) and 0 in masks.shape:
        raise ValueError(f"masks: expected masks of at least one pixel, got shape {masks.shape}")
    return masks


def _checked_size(value: Any) -> tuple[int, int]:
    if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, np.ndarray)):
        raise TypeError(f"image_size: expected (height, width), got {type(value).__name__}")
    if len(value) != 2:
        raise ValueError(f"image_size: expected (height, width), got {len(value)} values")
    height, width = (_values.integer(side, "image_size", 0, _values.INT64_MAX) for side in value)
    return height, width
