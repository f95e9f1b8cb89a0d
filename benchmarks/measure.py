"""Timing of two calls in turn, and of the least a call could take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Call = Callable[[], object]


@dataclass(frozen=True)
class Pair:
    """Seconds of two calls that took turns."""

    ours: np.ndarray
    peer: np.ndarray

    @property
    def ratio(self) -> float:
        """How many times faster ours is: the ratio of the medians."""
        return float(np.median(self.peer) / np.median(self.ours))

    @property
    def spread(self) -> tuple[float, float]:
        """Quartiles of the ratios turn by turn."""
        low, high = np.quantile(self.peer / self.ours, [0.25, 0.75])
        return float(low), float(high)


def seconds(call: Call) -> float:
    """Time one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def take_turns(ours: Call, peer: Call, rounds: int, least_seconds: float = 0.5) -> Pair:
    """Time the calls in turn, at least ``rounds`` times and for ``least_seconds``, after one call of each."""
    ours(), peer()
    times: list[tuple[float, float]] = []
    start = time.perf_counter()
    while len(times) < rounds or time.perf_counter() - start < least_seconds:
        times.append((seconds(ours), seconds(peer)))
    columns = np.array(times).T
    return Pair(columns[0], columns[1])


def floor(x: np.ndarray, output_bytes: int, rounds: int = 7) -> float:
    """Seconds to read ``x`` once and to write the output once, on one thread, each at its best."""
    bits = x.reshape(-1).view(np.uint8)
    words = bits[: len(bits) // 8 * 8].view(np.uint64)
    output = np.zeros(output_bytes, np.uint8)
    read = min(seconds(lambda: np.bitwise_or.reduce(words)) for _ in range(rounds))
    write = min(seconds(lambda: output.fill(1)) for _ in range(rounds))
    return read + write
