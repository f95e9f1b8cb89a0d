"""Detections among the outputs of a model, and the order of those that tie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Detections:
    """Outputs with one row per detection.

    Attributes:
        scores: index of the output with the scores: a vector of floats in descending order.
        members: indices of all of them, in order.
    """

    scores: int
    members: tuple[int, ...]


def find_detections(outputs: Sequence[object]) -> list[Detections]:
    """Group outputs that share their first axis with a float vector in descending order.

    Where several images have as many detections, their outputs must be equally many and follow each other.
    """
    by_rows: dict[int, list[int]] = {}
    for i, output in enumerate(outputs):
        if isinstance(output, np.ndarray) and output.ndim:
            by_rows.setdefault(len(output), []).append(i)
    found = []
    for members in by_rows.values():
        scores = [i for i in members if _is_scores(outputs[i])]
        if not scores or len(members) < 2 or len(members) % len(scores):
            continue
        size = len(members) // len(scores)
        chunks = [tuple(members[i : i + size]) for i in range(0, len(members), size)]
        inside = [[i for i in chunk if i in scores] for chunk in chunks]
        if all(len(one) == 1 for one in inside):
            found += [Detections(one[0], chunk) for one, chunk in zip(inside, chunks)]
    return found


def _is_scores(output: Any) -> bool:
    if output.ndim != 1 or output.dtype.kind in "iubO":
        return False
    return bool((output[1:] <= output[:-1]).all())


def match_rows(
    group: Detections, expected: Sequence[Any], found: Sequence[Any], allowed: Sequence[float]
) -> npt.NDArray[np.int64]:
    """Return the row of ``found`` that belongs to each row of ``expected``: itself but where scores tie.

    Rows that find no partner keep their own, so that the comparison which follows shows the difference.
    ``allowed`` has the difference that each output may have.
    """
    scores = expected[group.scores].astype(np.float64)
    order = np.arange(len(scores))
    close = _Rows(group, expected, found, allowed)
    for start, end in _ties(scores, allowed[group.scores]):
        partner = _matching(range(start, end), close)
        for row, other in partner.items():
            order[row] = other
        left = sorted(set(range(start, end)) - set(partner.values()))
        for row in range(start, end):
            if row not in partner:
                order[row] = left.pop(0)
    return order


def _ties(scores: npt.NDArray[np.float64], allowed: float) -> Iterator[tuple[int, int]]:
    """Runs of more than one row in which each score ties with the next."""
    breaks = [0, *(np.flatnonzero(~(scores[:-1] - scores[1:] <= allowed)) + 1).tolist(), len(scores)]
    return ((a, b) for a, b in zip(breaks, breaks[1:]) if b - a > 1)


class _Rows:
    """Which rows of two results agree in all outputs; looked up once, the smallest output first."""

    def __init__(
        self, group: Detections, expected: Sequence[Any], found: Sequence[Any], allowed: Sequence[float]
    ):
        members = sorted(group.members, key=lambda i: expected[i].size)
        self._pairs = [(expected[i], found[i], allowed[i]) for i in members]
        self._known: dict[tuple[int, int], bool] = {}

    def __call__(self, row: int, other: int) -> bool:
        if (row, other) not in self._known:
            self._known[row, other] = all(self._close(*pair, row, other) for pair in self._pairs)
        return self._known[row, other]

    @staticmethod
    def _close(expected: Array, found: Array, allowed: float, row: int, other: int) -> bool:
        from roiops.export.upgrader.verify.compare import differences

        return bool((differences(expected[row], found[other]) <= allowed).all())


def _matching(rows: range, close: _Rows) -> dict[int, int]:
    """A largest matching of rows to rows, by augmenting paths; a row that agrees with itself stays."""
    owner = {row: row for row in rows if close(row, row)}

    def augment(row: int, tried: set[int]) -> bool:
        for other in rows:
            if other in tried or not close(row, other):
                continue
            tried.add(other)
            if other not in owner or augment(owner[other], tried):
                owner[other] = row
                return True
        return False

    for row in rows:
        if row not in owner.values():
            augment(row, set())
    return {row: other for other, row in owner.items()}
