"""Arrays as kernels have them: element types, bfloat16 as uint16 among them, and alignment."""

from __future__ import annotations

import numpy as np

DTYPES = {"float32": np.float32, "float64": np.float64, "float16": np.float16, "bfloat16": np.uint16}
# Largest error over the largest feature, as the project's tests have it.
TOLERANCES = {"float32": 2e-6, "float64": 1e-12, "float16": 6e-4, "bfloat16": 4.5e-3}


def to_stored(values: np.ndarray, dtype: str) -> np.ndarray:
    """Round to an element type."""
    if dtype != "bfloat16":
        return np.ascontiguousarray(values.astype(DTYPES[dtype]))
    bits = np.ascontiguousarray(values.astype(np.float32)).view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return np.where(np.isnan(values), np.uint64(0x7FC0), rounded).astype(np.uint16)


def from_stored(values: np.ndarray) -> np.ndarray:
    """Widen exactly: bfloat16 (uint16) to float32, others stay."""
    return (values.astype(np.uint32) << 16).view(np.float32) if values.dtype == np.uint16 else values


def shifted(array: np.ndarray, elements: int = 0) -> np.ndarray:
    """Copy to memory aligned to 256 bytes, and then some elements on."""
    size = array.dtype.itemsize
    room = np.zeros(array.nbytes + 512 + elements * size, np.uint8)
    begin = -room.ctypes.data % 256 + elements * size
    there = room[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
    there[...] = array
    return there


def differences(y: np.ndarray, expected: np.ndarray, largest: float, tolerance: float) -> list[str]:
    """Return what is wrong with a result: where it is NaN, and errors relative to the largest feature."""
    got = from_stored(y).astype(np.float64)
    problems = []
    if not np.array_equal(np.isnan(got), np.isnan(expected)):
        problems.append(f"{np.sum(np.isnan(got) != np.isnan(expected))} outputs differ in being NaN")
    errors = np.where(np.isfinite(expected) | np.isfinite(got), np.abs(got - expected), 0) / (largest or 1)
    errors = np.where(np.isnan(errors), 0, errors)
    if errors.size and errors.max() > tolerance:
        at = np.unravel_index(np.argmax(errors), got.shape)
        problems.append(f"error {errors[at]:.3g} at {tuple(map(int, at))}: {got[at]} for {expected[at]}")
    return problems
