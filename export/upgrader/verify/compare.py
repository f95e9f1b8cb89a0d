"""Comparing the outputs of two models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from roiops.export.upgrader.verdict import EQUAL, MISMATCH, UNPROVED, Verdict
from roiops.export.upgrader.verify.detections import Array, Detections, find_detections, match_rows
from roiops.export.upgrader.verify.tolerance import allowances, largest


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
    relative: float | None = None,
    inputs: str = "",
) -> list[Verdict]:
    """Return a verdict per output; detections whose scores tie may come in another order.

    Args:
        names: of the outputs.
        expected: outputs of the original.
        found: outputs of the upgraded model.
        relative: the tolerance, relative to the largest value of an output; None: by what it holds.
        inputs: what both ran on.
    """
    reordered: dict[int, Array] = {}
    groups, verdicts = find_detections(expected), []
    allowed = allowances(expected, groups, relative)
    for group in groups:
        if all(_comparable(expected[i], found[i]) for i in group.members):
            order = match_rows(group, expected, found, allowed)
            reordered.update(dict.fromkeys(group.members, order))
    of_group = {i: group for group in groups for i in group.members}
    for i, name in enumerate(names):
        verdicts.append(
            _judge(name, expected[i], found[i], allowed[i], reordered.get(i), of_group.get(i), inputs)
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
    allowed: float,
    order: npt.NDArray[np.int64] | None,
    group: Detections | None,
    inputs: str,
) -> Verdict:
    def verdict(kind: str, difference: float, magnitude: float, reason: str = "") -> Verdict:
        return Verdict(name, kind, difference, magnitude, allowed, reason, inputs)

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
    worst = float(np.max(difference, initial=0.0))
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
