"""A call of any operator and the results that follow from the definition. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Call:
    """Inputs by their names in a model, arguments by their names in Python, results in the order of outputs.

    ``tolerance`` is absolute. Expected values are broadcast to the shape of a result, whose dtype is theirs.
    """

    rule: str
    operator: str
    inputs: Mapping[str, np.ndarray]
    arguments: Mapping[str, Any]
    expected: tuple[np.ndarray, ...]
    tolerance: float = field(default=0.0)

    def check(self, *results: np.ndarray) -> None:
        """Compare results with what the definition gives."""
        assert len(results) == len(self.expected)
        for result, wanted in zip(results, self.expected):
            assert (result.shape, result.dtype) == (wanted.shape, wanted.dtype)
            np.testing.assert_allclose(
                result.astype(np.float64), wanted.astype(np.float64), rtol=0, atol=self.tolerance
            )
