"""Checks of single values: numbers, flags, strings.

Every check returns the value in its canonical Python form and raises ``TypeError`` (wrong kind of value) or
``ValueError`` (right kind, impossible value) with a message that starts with the argument's name.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1


def integer(value: Any, name: str, low: int, high: int) -> int:
    """Check that ``value`` is an integer (not a bool) in ``[low, high]``."""
    if type(value) is not int and (
        isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral)
    ):
        raise TypeError(f"{name}: expected an int, got {type(value).__name__} ({value!r})")
    value = int(value)
    if not low <= value <= high:
        raise ValueError(f"{name}: expected an int between {low} and {high}, got {value}")
    return value


def flag(value: Any, name: str) -> bool:
    """Check that ``value`` is a bool, because 0.5 or "false" would silently mean True."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected a bool, got {type(value).__name__} ({value!r})")
    return bool(value)


def float32(value: Any, name: str, above: float | None = None, least: float | None = None) -> float:
    """Check that ``value`` is a number, > ``above``, >= ``least``; return what float32 holds of it."""
    if not _is_number(value):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__} ({value!r})")
    stored = _in_float32(value)
    too_low = (above is not None and stored <= above) or (least is not None and stored < least)
    if not math.isfinite(stored) or too_low:
        bound = f" > {above:g}" if above is not None else f" >= {least:g}" if least is not None else ""
        raise ValueError(f"{name}: expected a finite number{bound} that float32 can hold, got {value}")
    return stored


def choice(value: Any, name: str, choices: Sequence[str]) -> str:
    """Check that ``value`` is one of a few strings."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a string, got {type(value).__name__} ({value!r})")
    if value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, choices))}, got {value!r}")
    return value


def value_name(value: Any, name: str) -> str:
    """Check the name of a value in an ONNX graph."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a value name (str), got {type(value).__name__}")
    if not value:
        raise ValueError(f"{name}: expected a value name, got an empty string")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (float, numbers.Real, np.floating)) and not isinstance(value, (bool, np.bool_))


@lru_cache(maxsize=256)
def _in_float32(value: Any) -> float:
    with np.errstate(over="ignore", under="ignore"):
        return float(np.float32(value))
