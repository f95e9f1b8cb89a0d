"""Keypoints from heatmaps: the maps are upsampled to the size of their boxes, whole.

Per axis, as PyTorch's bicubic interpolation with half-pixel centres and the border repeated::

    side = max(high - low, 1)
    upsampled = ceil(side)
    position = size / upsampled * (p + 0.5) - 0.5           # of pixel p
    x = (p + 0.5) * (side / upsampled) + low                # of the peak's pixel p

Positions and the weights of taps are computed in the arithmetic of the boxes (float32; float64 for float64
maps), as PyTorch does: the two largest pixels may be that close. Sums are float64.
"""

from __future__ import annotations

import numpy as np


def heatmaps_to_keypoints(
    maps: np.ndarray, rois: np.ndarray, convention: str = "torchvision"
) -> tuple[np.ndarray, np.ndarray]:
    """Find the peak of every map.

    Args:
        maps: (K, P, H, W), any floating dtype.
        rois: (K, 4) as x1, y1, x2, y2 in pixels of the image.
        convention: "torchvision" or "detectron2".

    Returns:
        Keypoints and scores (K, P), both float64: (K, P, 3) as x, y, 1 and the value of the peak; or
        (K, P, 4) as x, y, value, score and the score, which is the softmax of the upsampled map at its peak,
        normalised by the sum over the map itself.
    """
    dtype = np.float64 if maps.dtype == np.float64 else np.float32
    keypoints = np.ones((*maps.shape[:2], 3 if convention == "torchvision" else 4))
    scores = np.zeros(maps.shape[:2])
    for k, (x1, y1, x2, y2) in enumerate(rois.astype(dtype)):
        columns, across = _axis(x1, x2, maps.shape[3], dtype)
        rows, down = _axis(y1, y2, maps.shape[2], dtype)
        for p, values in enumerate(maps[k].astype(np.float64)):
            with np.errstate(invalid="ignore", over="ignore"):
                upsampled = _resample(_resample(values, across, 1), down, 0)
                row, column = np.unravel_index(np.argmax(upsampled), upsampled.shape)
                peak = upsampled[row, column]
                score = peak if convention == "torchvision" else 1 / np.exp(values - peak).sum()
            keypoints[k, p, :2] = columns[column], rows[row]
            keypoints[k, p, 2:] = 1 if convention == "torchvision" else (peak, score)
            scores[k, p] = score
    return keypoints, scores


def _axis(low: np.floating, high: np.floating, size: int, dtype: type) -> tuple[np.ndarray, list[tuple]]:
    """Return where the pixels of an upsampled axis are in the image, and their four taps and weights."""
    side = max(high - low, dtype(1))
    upsampled = int(np.ceil(side))
    pixels: np.ndarray = np.arange(upsampled).astype(dtype)
    in_image = (pixels + dtype(0.5)) * (side / dtype(upsampled)) + low
    position = dtype(size) / dtype(upsampled) * (pixels + dtype(0.5)) - dtype(0.5)
    base = np.minimum(np.floor(position), size - 1)
    t = np.minimum(position - base, dtype(1))
    weights = (_cubic_far(t + 1), _cubic_near(t), _cubic_near(1 - t), _cubic_far(2 - t))
    taps = [
        (np.clip(base.astype(int) + i - 1, 0, size - 1), weight.astype(np.float64))
        for i, weight in enumerate(weights)
    ]
    return in_image.astype(np.float64), taps


_A = np.float32(-0.75)


def _cubic_near(x: np.ndarray) -> np.ndarray:
    return ((_A + 2) * x - (_A + 3)) * x * x + 1


def _cubic_far(x: np.ndarray) -> np.ndarray:
    return ((_A * x - 5 * _A) * x + 8 * _A) * x - 4 * _A


def _resample(values: np.ndarray, taps: list[tuple], axis: int) -> np.ndarray:
    weighted = (
        np.take(values, index, axis) * (weight if axis else weight[:, None]) for index, weight in taps
    )
    return sum(weighted)
