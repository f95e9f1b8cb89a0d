"""Random cases of RoiPool, with boxes at halves and beyond the map."""

from __future__ import annotations

import numpy as np


def case(seed: int, dtype: str = "float32"):
    """Return x, boxes, the image of each box, the output size and the scale."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 20, 2)
    x = rng.standard_normal((2, 3, height, width)).astype(dtype)
    boxes = rng.uniform(-30, 60, (12, 4))
    if seed % 3 == 0:
        boxes = np.round(boxes * 2) / 2
    images = rng.integers(0, 2, len(boxes))
    size = tuple(int(side) for side in rng.integers(1, 9, 2))
    scale = float(np.float32(rng.choice([1, 0.5, 0.25, 1 / 3, 0.0625, 2])))
    return x, boxes.astype(dtype), images, size, scale


def rois(images: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    return np.hstack([images[:, None], boxes]).astype(boxes.dtype)
