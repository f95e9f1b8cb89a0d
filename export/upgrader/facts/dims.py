"""Sizes as sums: a constant plus unknowns, so that 2 boxes of image 0 and n of image 1 add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

# A symbol of a graph input, or (key of a value, axis).
Unknown = Union[str, "tuple[int, int]"]


@dataclass(frozen=True)
class Dim:
    """One size. Equal Dims are equal at run time; different ones may or may not be."""

    constant: int
    unknowns: tuple[Unknown, ...] = ()

    def __add__(self, other: Dim) -> Dim:
        unknowns = tuple(sorted(self.unknowns + other.unknowns, key=repr))
        return Dim(self.constant + other.constant, unknowns)

    @property
    def known(self) -> bool:
        """Whether the size is a constant."""
        return not self.unknowns


ONE = Dim(1)
Shape = tuple[Dim, ...]


def broadcast_dim(dims: Sequence[Dim]) -> Dim | None:
    """The size that several sizes broadcast to in a valid model, or None where it depends on the run."""
    distinct = {dim for dim in dims if dim != ONE}
    if len(distinct) <= 1:
        return distinct.pop() if distinct else ONE
    constants = {dim for dim in distinct if dim.known}
    return constants.pop() if len(constants) == 1 else None


def same_dim(dims: Sequence[Dim]) -> Dim:
    """Of several sizes that a valid model has equal, the one that says most."""
    return min(dims, key=lambda dim: (sum(not isinstance(u, str) for u in dim.unknowns), len(dim.unknowns)))


def left_over(dims: Sequence[Dim], others: Sequence[Dim]) -> Dim | None:
    """The size x with product(dims) = x * product(others), where it is one of ``dims`` or 1."""
    rest = Counter(dim for dim in dims if dim != ONE)
    rest.subtract(dim for dim in others if dim != ONE)
    if any(count < 0 for count in rest.values()):
        return None
    remaining = list(rest.elements())
    if len(remaining) > 1:
        return None
    return remaining[0] if remaining else ONE
