"""How much an output may differ, by what it holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from roiops.export.upgrader.verify.detections import Array, Detections

# Relative to the largest value of an output, in float32. Behind each is the largest difference measured of
# detectors and their upgrades, which sum in another order: Faster, Mask and Keypoint R-CNN of torchvision and
# libreyolo, a stand-in for Detectron2's, cascades of three heads. A pooler's scale that is wrong by 2 %
# changes boxes and scores by more than 1e-3.
BOXES = 1e-5  # 5e-7
SCORES = 1e-4  # 6e-6
MASKS = 1e-3  # 1.1e-4: a pixel at the edge of a pasted mask repeats the error of a box, magnified
VALUES = 1e-4  # 3e-6

# Rounding steps that an output of a 16-bit type may differ by, whatever the tolerance.
_STEPS_16_BIT = 8


def allowances(
    outputs: Sequence[object], groups: Sequence[Detections], relative: float | None
) -> list[float]:
    """Return the largest difference that each output may have; integers must be equal.

    Args:
        outputs: of the original.
        groups: the detections among them.
        relative: to the largest value of an output, instead of the numbers above.
    """
    return [
        _allowed(output, _kind(i, output, groups) if relative is None else relative)
        if isinstance(output, np.ndarray) and output.dtype != object
        else 0.0
        for i, output in enumerate(outputs)
    ]


def largest(array: Array) -> float:
    """The largest finite magnitude."""
    if array.dtype.kind == "b":
        return float(array.any())
    values = np.abs(array.astype(np.float64))
    return float(np.max(values, where=np.isfinite(values), initial=0.0))


def _kind(i: int, output: Array, groups: Sequence[Detections]) -> float:
    if any(i == group.scores for group in groups):
        return SCORES
    if output.ndim == 2 and output.shape[1] in (4, 5) and any(i in group.members for group in groups):
        return BOXES
    return MASKS if groups and output.ndim >= 3 else VALUES


def _allowed(expected: Array, relative: float) -> float:
    if expected.dtype.kind in "iub":
        return 0.0
    if expected.dtype.itemsize == 2:
        bits = 10 if expected.dtype == np.float16 else 7
        relative = max(relative, _STEPS_16_BIT * 2.0**-bits)
    return relative * largest(expected)
