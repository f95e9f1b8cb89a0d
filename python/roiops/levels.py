"""The pyramid level of each box in NumPy, for ``roiops.multiscale_roi_align``.

The formulas, defaults and results are those of the nodes that ``roiops.export.make_..._level_nodes`` write.
Every function raises ``TypeError`` or ``ValueError`` for a wrong argument; the message starts with its name.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from roiops import _checks, _level_rules

__all__ = ["detectron2", "mmdet", "paddle", "torchvision"]


def torchvision(
    boxes: npt.ArrayLike,
    *,
    min_level: int = 2,
    max_level: int = 5,
    canonical_size: float = 224,
    canonical_level: int = 4,
) -> np.ndarray:
    """Apply the rule of torchvision's ``LevelMapper``, whose levels are -log2 of the first and last scale.

    Args:
        boxes: (K, 4) as x1, y1, x2, y2 in pixels of the image; computed in float32.
        min_level: pyramid level of the finest map.
        max_level: pyramid level of the coarsest map.
        canonical_size: side of a box, in pixels, that belongs to ``canonical_level``.
        canonical_level: pyramid level of such a box.

    Returns:
        (K,) int64, counted from 0, the finest map.
    """
    return _level_rules.torchvision(_Boxes(boxes), min_level, max_level, canonical_size, canonical_level)


def detectron2(
    boxes: npt.ArrayLike,
    *,
    min_level: int = 2,
    max_level: int = 5,
    canonical_size: float = 224,
    canonical_level: int = 4,
) -> np.ndarray:
    """Apply Detectron2's ``assign_boxes_to_levels``; see `torchvision` for the arguments and the result."""
    return _level_rules.detectron2(_Boxes(boxes), min_level, max_level, canonical_size, canonical_level)


def mmdet(boxes: npt.ArrayLike, *, num_levels: int = 4, finest_scale: float = 56) -> np.ndarray:
    """Apply mmdetection's ``SingleRoIExtractor.map_roi_levels``.

    Args:
        boxes: as in `torchvision`.
        num_levels: number of feature maps.
        finest_scale: side, in pixels, below twice of which a box belongs to the finest map.

    Returns:
        (K,) int64, counted from 0, the finest map.
    """
    return _level_rules.mmdet(_Boxes(boxes), num_levels, finest_scale)


def paddle(
    boxes: npt.ArrayLike,
    *,
    min_level: int = 2,
    max_level: int = 5,
    refer_level: int = 4,
    refer_scale: float = 224,
    pixel_offset: bool = False,
) -> np.ndarray:
    """Apply the rule of Paddle's ``distribute_fpn_proposals``, as its CPU kernel computes it.

    Args:
        boxes: as in `torchvision`.
        min_level: pyramid level of the finest map.
        max_level: pyramid level of the coarsest map.
        refer_level: pyramid level of a box of side ``refer_scale``.
        refer_scale: side in pixels.
        pixel_offset: boxes include their last pixel, so width and height are one more.

    Returns:
        (K,) int64, counted from 0, the finest map.
    """
    return _level_rules.paddle(_Boxes(boxes), min_level, max_level, refer_level, refer_scale, pixel_offset)


class _Boxes:
    """The arithmetic of the rules on arrays; see `roiops._level_rules.Arithmetic`."""

    def __init__(self, boxes: npt.ArrayLike):
        self._boxes = _checks.boxes(boxes, np.dtype(np.float32))

    def relative_size(self, size: float, extra: float = 0.0, inverted_is_zero: bool = False) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore"):
            sides = self._boxes[:, 2:] - self._boxes[:, :2]
            measured = sides + np.float32(extra)
            area = measured[:, 0] * measured[:, 1]
            valid = area > 0
        if inverted_is_zero:
            valid &= ~(sides < 0).any(axis=1)
        return np.sqrt(np.where(valid, area, np.float32(0))) / np.float32(size)

    def log2(self, value: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return (np.log(value.astype(np.float64)) / np.log(2)).astype(np.float32)

    def levels(self, value: np.ndarray, low: int, high: int) -> np.ndarray:
        return (np.clip(np.floor(value), low, high) - low).astype(np.int64)
