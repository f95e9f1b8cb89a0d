"""Sizes as sums: a constant plus unknowns, so that 2 boxes of image 0 and n of image 1 add up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar, Union

T = TypeVar("T")

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


class Equalities:
    """Which sizes every run has equal, because an operator fails otherwise.

    Two sizes are equal if `resolve` gives the same for both.
    """

    def __init__(self) -> None:
        self._known: dict[Unknown, Dim] = {}

    def resolve(self, dim: Dim) -> Dim:
        """The size in terms of unknowns that nothing says more of."""
        resolved = Dim(dim.constant)
        for unknown in dim.unknowns:
            known = self._known.get(unknown)
            resolved += Dim(0, (unknown,)) if known is None else self.resolve(known)
        return resolved

    def equate(self, dims: Sequence[Dim]) -> Dim:
        """Note that sizes are equal, and return the one of them that says most."""
        best, *others = sorted(map(self.resolve, dims), key=ignorance)
        for other in map(self.resolve, others):
            lone = other.unknowns[0] if other.constant == 0 and len(other.unknowns) == 1 else None
            if lone is not None and lone not in best.unknowns:
                self._known[lone] = best
        return self.resolve(best)


def all_known(found: Iterable[T | None]) -> list[T] | None:
    """The same as a list, or None where one is unknown."""
    known: list[T] = []
    for each in found:
        if each is None:
            return None
        known.append(each)
    return known


def ignorance(dim: Dim) -> tuple[bool, int, int]:
    """A key to sort sizes by how little they say: constants, symbols of inputs, sums, lone unknowns."""
    unnamed = sum(not isinstance(unknown, str) for unknown in dim.unknowns)
    lone = unnamed == 1 and len(dim.unknowns) == 1 and dim.constant == 0
    return lone, unnamed, len(dim.unknowns)


def left_over(dims: Sequence[Dim], others: Sequence[Dim]) -> Dim | None:
    """The size x with product(dims) = x * product(others), where it is one size and not a product."""
    unknown = Counter(dim for dim in dims if not dim.known)
    unknown.subtract(dim for dim in others if not dim.known)
    constant, divisor = (math.prod(dim.constant for dim in side if dim.known) for side in (dims, others))
    if any(count < 0 for count in unknown.values()) or divisor <= 0 or constant % divisor:
        return None
    factor = Dim(constant // divisor)
    remaining = [*unknown.elements(), *([] if factor == ONE else [factor])]
    if len(remaining) > 1:
        return None
    return remaining[0] if remaining else ONE
