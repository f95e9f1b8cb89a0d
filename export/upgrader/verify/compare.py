"""Comparing the outputs of two models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from roiops.export.upgrader.verdict import EQUAL, MISMATCH, UNPROVED, Verdict
from roiops.export.upgrader.verify.detections import Array, Detections, find_detections, match_rows

# Rounding steps that an output of a 16-bit type may differ by, whatever the tolerance.
_STEPS_16_BIT = 8


class Tolerance:
    """Which elements of an output agree: within ``relative`` times its largest value, integers exactly."""

    def __init__(self, relative: float):
        self.relative = relative

    def allowed(self, expected: Array) -> float:
        """The largest difference that an output may have."""
        if expected.dtype.kind in "iub":
            return 0.0
        relative = self.relative
        if expected.dtype.itemsize == 2:
            bits = 10 if expected.dtype == np.float16 else 7
            relative = max(relative, _STEPS_16_BIT * 2.0**-bits)
        return relative * largest(expected)


def largest(array: Array) -> float:
    """The largest finite magnitude."""
    if array.dtype.kind == "b":
        return float(array.any())
    values = np.abs(array.astype(np.float64))
    return float(np.max(values, where=np.isfinite(values), initial=0.0))


def differences(expected: Array, found: Array) -> Array:
    """Absolute differences; 0 where both are the same infinity or NaN, infinite where only one is."""
    a, b = expected.astype(np.float64), found.astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        difference = np.abs(a - b)
    return np.where(same, 0.0, np.where(np.isnan(difference), np.inf, difference))


def compare(
    names: Sequence[str],
    expected: Sequence[object],
    found: Sequence[object],
    relative: float,
    inputs: str = "",
) -> list[Verdict]:
    """Return a verdict per output; detections whose scores tie may come in another order.

    Args:
        names: of the outputs.
        expected: outputs of the original.
        found: outputs of the upgraded model.
        relative: the tolerance, relative to the largest value of an output.
        inputs: what both ran on.
    """
    tolerance, verdicts = Tolerance(relative), []
    reordered: dict[int, Array] = {}
    groups = find_detections(expected)
    for group in groups:
        if all(_comparable(expected[i], found[i]) for i in group.members):
            order = match_rows(group, expected, found, tolerance)
            reordered.update(dict.fromkeys(group.members, order))
    of_group = {i: group for group in groups for i in group.members}
    for i, name in enumerate(names):
        verdicts.append(
            _judge(name, expected[i], found[i], tolerance, reordered.get(i), of_group.get(i), inputs)
        )
    return verdicts


def _comparable(expected: object, found: object) -> bool:
    return (
        isinstance(expected, np.ndarray)
        and isinstance(found, np.ndarray)
        and expected.shape == found.shape
        and expected.dtype == found.dtype
        and expected.dtype != object
    )


def _judge(
    name: str,
    expected: object,
    found: object,
    tolerance: Tolerance,
    order: npt.NDArray[np.int64] | None,
    group: Detections | None,
    inputs: str,
) -> Verdict:
    def verdict(kind: str, difference: float, magnitude: float, reason: str = "") -> Verdict:
        return Verdict(name, kind, difference, magnitude, reason, inputs)

    if not isinstance(expected, np.ndarray) or not isinstance(found, np.ndarray) or expected.dtype == object:
        same = repr(expected) == repr(found)
        return verdict(
            EQUAL if same else MISMATCH, 0.0 if same else np.inf, 0.0, "" if same else "they differ"
        )
    magnitude = largest(expected)
    if not _comparable(expected, found):
        wanted, got = (f"{a.dtype} of shape {a.shape}" for a in (expected, found))
        return verdict(MISMATCH, np.inf, magnitude, f"the original gives {wanted}, the upgraded model {got}")
    permuted = order is not None and bool((order != np.arange(len(order))).any())
    difference = differences(expected, found if order is None else found[order])
    worst, allowed = float(np.max(difference, initial=0.0)), tolerance.allowed(expected)
    if worst > allowed:
        where = np.unravel_index(int(np.argmax(difference)), difference.shape)
        count = int((difference > allowed).sum())
        reason = (
            f"{count} of {expected.size} elements differ by more than {allowed:.3g}, most at {_text(where)}"
        )
        return verdict(MISMATCH, worst, magnitude, reason)
    doubt = _doubt(expected, group)
    note = "rows whose scores tie come in another order" if permuted else ""
    return verdict(UNPROVED if doubt else EQUAL, worst, magnitude, doubt or note)


def _text(where: tuple[np.intp, ...]) -> str:
    return f"[{', '.join(str(int(i)) for i in where)}]"


def _doubt(expected: Array, group: Detections | None) -> str:
    """Why equal outputs prove nothing, or ""."""
    if expected.size == 0 and group is not None:
        return "0 detections: this proves nothing about the boxes; give --input"
    if expected.size == 0:
        return "it has no elements; give --input"
    if expected.dtype.kind not in "iub":
        bad = int((~np.isfinite(expected.astype(np.float64))).sum())
        if bad:
            return f"{bad} of {expected.size} elements are NaN or infinite in both; give --input"
        if not expected.any():
            return "every element is zero in both; give --input"
    return ""
