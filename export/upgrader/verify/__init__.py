"""Running the original and the upgraded model side by side, and judging every output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx

from roiops.export.upgrader.errors import UpgradeError
from roiops.export.upgrader.model_files import ModelLike, load
from roiops.export.upgrader.rewrites.pipeline import Choices
from roiops.export.upgrader.verdict import Verdict, Verification
from roiops.export.upgrader.verify.compare import compare
from roiops.export.upgrader.verify.inputs import random_inputs
from roiops.export.upgrader.verify.repaired import reference
from roiops.export.upgrader.verify.sessions import run

__all__ = ["Verdict", "Verification", "verify"]


def verify(
    original: ModelLike,
    upgraded: ModelLike,
    inputs: Mapping[str, Mapping[str, np.ndarray[Any, Any]]] | None = None,
    tolerance: float | None = None,
    choices: Choices | None = None,
) -> Verification:
    """Run two models on generated inputs and on given ones, and judge every output.

    Args:
        original: the model as it was exported.
        upgraded: the other.
        inputs: sets of arrays by the names of inputs; those that are missing in a set are generated.
        tolerance: largest difference, relative to the largest value of an output; by default that of
            `tolerance.py` for what the output holds. Integers must be equal.
        choices: the repairs that were asked for: the original is run with them, on standard operators.

    Raises:
        UpgradeError: one of the models cannot be read or loaded, or runs on no inputs.
    """
    first = load(original)
    generated = random_inputs(first)
    sets: dict[str, Mapping[str, np.ndarray[Any, Any]]] = {"generated inputs": generated}
    sets.update({label: {**generated, **given} for label, given in (inputs or {}).items()})
    names = [value.name or "" for value in first.graph.outputs]
    with_repairs = reference(original, first, choices or Choices())
    expected = run(with_repairs.model, list(sets.values()), with_repairs.what, with_repairs.library)
    found = run(_runnable(upgraded), list(sets.values()), "the upgraded model")
    verification = Verification(tolerance)
    if with_repairs.note:
        verification.notes.append(with_repairs.note)
    for label, one, other in zip(sets, expected, found):
        if isinstance(one, UpgradeError) and (label not in (inputs or {}) and inputs):
            verification.notes.append(f"{label}: {one}")
            continue
        for result in (one, other):
            if isinstance(result, UpgradeError):
                raise UpgradeError(f"{label}: {result}")
        if len(one) != len(other):
            raise UpgradeError(f"verify: {len(one)} outputs became {len(other)}")
        verification.add(compare(names, one, other, tolerance, label))
    return verification


def _runnable(model: ModelLike) -> Any:
    return load(model) if isinstance(model, onnx.ModelProto) else model
