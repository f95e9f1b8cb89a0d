"""The rules that choose the pyramid level of a box, by the exact formula of each framework.

Every rule maps boxes (K, 4) in image pixels to levels (K,) counted from 0, the finest map. With
``s = sqrt(width * height)`` in float32:

- torchvision: ``floor(canonical_level + log2(s / canonical_size) + 1e-6)``
- Detectron2: ``floor(canonical_level + log2(s / canonical_size + 1e-8))``
- mmdetection: ``floor(log2(s / finest_scale + 1e-6))``
- Paddle (CPU): ``floor(refer_level + log2(s / refer_scale + 1e-6))``, an inverted box has area 0

Each is clamped to the pyramid. A negative or NaN area, where the frameworks convert a NaN to an integer,
counts as 0, so the box goes to the finest map.

They are written once for two kinds of arithmetic: NumPy's, and that of nodes that are being traced.
"""

from __future__ import annotations

from typing import Any, Protocol

from roiops import _values

_FINITE_MAX = 1 << 20  # far above any number of levels, far below where float32 skips integers


class Arithmetic(Protocol):
    """What a rule asks of the boxes; values are float32 and know + with a number."""

    def relative_size(self, size: float, extra: float = 0.0, inverted_is_zero: bool = False) -> Any:
        """Return sqrt(area) / size, where an area that is negative or NaN is 0.

        Args:
            size: side in pixels.
            extra: added to width and height.
            inverted_is_zero: the area is 0 where width or height is negative.
        """

    def log2(self, value: Any) -> Any:
        """Return the logarithm to base 2, rounded correctly to float32."""

    def levels(self, value: Any, low: int, high: int) -> Any:
        """Return floor(value), clamped to [low, high] and counted from low, int64."""


def torchvision(
    boxes: Arithmetic, min_level: int, max_level: int, canonical_size: float, canonical_level: int
) -> Any:
    """Apply the rule of torchvision's ``LevelMapper``."""
    ratio = boxes.relative_size(_size(canonical_size, "canonical_size"))
    level = boxes.log2(ratio) + _level(canonical_level, "canonical_level") + 1e-6
    return boxes.levels(level, *_range(min_level, max_level))


def detectron2(
    boxes: Arithmetic, min_level: int, max_level: int, canonical_size: float, canonical_level: int
) -> Any:
    """Apply Detectron2's ``assign_boxes_to_levels``."""
    ratio = boxes.relative_size(_size(canonical_size, "canonical_size"))
    level = boxes.log2(ratio + 1e-8) + _level(canonical_level, "canonical_level")
    return boxes.levels(level, *_range(min_level, max_level))


def mmdet(boxes: Arithmetic, num_levels: int, finest_scale: float) -> Any:
    """Apply mmdetection's ``SingleRoIExtractor.map_roi_levels``."""
    ratio = boxes.relative_size(_size(finest_scale, "finest_scale"))
    maps = _values.integer(num_levels, "num_levels", 1, _FINITE_MAX)
    return boxes.levels(boxes.log2(ratio + 1e-6), 0, maps - 1)


def paddle(
    boxes: Arithmetic,
    min_level: int,
    max_level: int,
    refer_level: int,
    refer_scale: float,
    pixel_offset: bool,
) -> Any:
    """Apply Paddle's ``distribute_fpn_proposals``, as its CPU kernel computes it."""
    extra = 1.0 if _values.flag(pixel_offset, "pixel_offset") else 0.0
    ratio = boxes.relative_size(_size(refer_scale, "refer_scale"), extra, inverted_is_zero=True)
    level = boxes.log2(ratio + 1e-6) + _level(refer_level, "refer_level")
    return boxes.levels(level, *_range(min_level, max_level))


def _size(value: float, name: str) -> float:
    return _values.float32(value, name, above=0)


def _level(value: int, name: str) -> int:
    return _values.integer(value, name, -_FINITE_MAX, _FINITE_MAX)


def _range(low: int, high: int) -> tuple[int, int]:
    low = _level(low, "min_level")
    return low, _values.integer(high, "max_level", low, _FINITE_MAX)
