"""Timing the original and the upgraded model on one picture."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from roiops.export.upgrader.errors import UpgradeError
from roiops.export.upgrader.model_files import load
from roiops.export.upgrader.profile import Profile
from roiops.export.upgrader.verify.given import read_inputs
from roiops.export.upgrader.verify.inputs import random_inputs
from roiops.export.upgrader.verify.sessions import one_line, open_session
from roiops.export.upgrader.verify.shares import shares


def time_both(original: Path, upgraded: Path, picture: Path) -> Profile:
    """Time two models on a picture, or on an .npz with arrays by input names; others are generated.

    Args:
        original: the file of the model as it was exported.
        upgraded: the file of the other.
        picture: what to run them on.

    Raises:
        UpgradeError: the picture cannot be read, or one of the models does not run on it.
    """
    model = load(original)
    inputs = {**random_inputs(model), **read_inputs(picture, model)}
    try:
        sessions = [open_session(str(path), library=True) for path in (original, upgraded)]
        # The first call of each makes its memory.
        times = [[_seconds(session, inputs) for session in sessions] for _ in range(6)][1:]
        before, after = np.median(times, axis=0)
        found = shares(str(upgraded), inputs)
    except Exception as error:  # the errors of onnxruntime have no common public class
        raise UpgradeError(f"profile: {one_line(error)}") from error
    return Profile(str(picture), float(before), float(after), found)


def _seconds(session: Any, inputs: Mapping[str, Any]) -> float:
    start = time.perf_counter()
    session.run(None, dict(inputs))
    return time.perf_counter() - start
