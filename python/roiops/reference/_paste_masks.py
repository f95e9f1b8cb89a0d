"""Pasting masks into images, pixel by pixel.

"torchvision" resizes a mask padded by one pixel of zeros to a box grown by the same share and truncated to
integers. "detectron2" and "mmdetection" sample the mask at the centres of the image's pixels, as if zeros
surrounded it. The corners of torchvision's boxes are computed in the arithmetic of the boxes (float32;
float64 for float64 masks), as one rounding moves a side by a pixel. Everything else is float64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def paste_masks(
    masks: np.ndarray,
    boxes: np.ndarray,
    image_size: Sequence[int],
    convention: str = "torchvision",
    output: str = "soft",
    threshold: float = 0.5,
) -> np.ndarray:
    """Paste every mask into an image of its own.

    Args:
        masks: (K, M, M') or (K, 1, M, M'), any floating dtype.
        boxes: (K, 4) as x1, y1, x2, y2 in pixels of the image; float32, with float64 masks float64.
        image_size: (height, width).
        convention: "torchvision", "detectron2" or "mmdetection".
        output: "soft", "bool" or "uint8".
        threshold: of "bool".

    Returns:
        (K, height, width): float64 values; bool, whether they are at least the threshold; or uint8, 255 times
        them, without the fraction and within [0, 255], 0 for NaN.
    """
    masks = masks.reshape(len(masks), *masks.shape[-2:])
    boxes = boxes.astype(np.float64 if masks.dtype == np.float64 else np.float32)
    pasted = np.zeros((len(masks), *image_size))
    paste = _paste_resized if convention == "torchvision" else _paste_sampled
    for mask, box, image in zip(masks.astype(np.float64), boxes, pasted):
        paste(mask, box, image, convention)
    if output == "soft":
        return pasted
    if output == "bool":
        return pasted >= threshold
    return np.clip(np.nan_to_num(pasted * 255, nan=0.0), 0, 255).astype(np.uint8)


def _paste_resized(mask: np.ndarray, box: np.ndarray, image: np.ndarray, convention: str) -> None:
    x1, y1, x2, y2 = _grown(box, (mask.shape[1] + 2) / mask.shape[1])
    padded = np.pad(mask, 1)
    (top, bottom), (left, right) = (
        (max(low, 0), min(high + 1, side)) for low, high, side in zip((y1, x1), (y2, x2), image.shape)
    )
    if top >= bottom or left >= right:
        return
    y = _resized_positions(np.arange(top - y1, bottom - y1), y2 - y1 + 1, padded.shape[0])
    x = _resized_positions(np.arange(left - x1, right - x1), x2 - x1 + 1, padded.shape[1])
    image[top:bottom, left:right] = _interpolate(padded, y, x)


def _grown(box: np.ndarray, growth: float) -> tuple[int, ...]:
    """Grow a box about its centre, in its own arithmetic, and truncate its corners to int64."""
    with np.errstate(over="ignore", invalid="ignore"):
        half = (box[2:] - box[:2]) * box.dtype.type(0.5) * box.dtype.type(growth)
        centre = (box[2:] + box[:2]) * box.dtype.type(0.5)
        corners = np.concatenate([centre - half, centre + half]).astype(np.float64)
    bounded = np.clip(np.nan_to_num(corners, nan=-(2.0**63)), -(2.0**63), 2.0**63)
    return tuple(int(corner) for corner in bounded)


def _resized_positions(pixels: np.ndarray, resized: int, size: int) -> np.ndarray:
    """Where pixels of an axis resized from ``size`` to ``resized`` lie on it, half-pixel centres."""
    return np.clip((pixels.astype(np.float64) + 0.5) * size / resized - 0.5, 0, size - 1)


def _paste_sampled(mask: np.ndarray, box: np.ndarray, image: np.ndarray, convention: str) -> None:
    low, size = box[:2].astype(np.float64), box[2:].astype(np.float64) - box[:2].astype(np.float64)
    if (size == 0).any():
        image[:] = np.nan if convention == "mmdetection" else 0
        return
    x, y = (
        (np.arange(side) + 0.5 - start) / length * pixels - 0.5
        for side, start, length, pixels in zip(image.shape[::-1], low, size, mask.shape[::-1])
    )
    rows, columns = (
        np.flatnonzero((at >= -1) & (at < pixels)) for at, pixels in ((y, mask.shape[0]), (x, mask.shape[1]))
    )
    if len(rows) and len(columns):
        image[np.ix_(rows, columns)] = _interpolate(np.pad(mask, 1), y[rows] + 1, x[columns] + 1)


def _interpolate(values: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Interpolate bilinearly at all rows ``y`` and columns ``x``, both inside."""
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    bottom, right = np.minimum(top + 1, values.shape[0] - 1), np.minimum(left + 1, values.shape[1] - 1)
    down, across = (y - top)[:, None], (x - left)[None, :]
    return (
        (1 - down) * (1 - across) * values[np.ix_(top, left)]
        + (1 - down) * across * values[np.ix_(top, right)]
        + down * (1 - across) * values[np.ix_(bottom, left)]
        + down * across * values[np.ix_(bottom, right)]
    )
