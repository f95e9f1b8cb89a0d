"""Models that are verified are run from files, which must be let go of."""

from __future__ import annotations

import tempfile
import weakref

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest

from roiops.export import make_roi_align_model
from roiops.export.upgrader.verify.sessions import run

FEEDS = {
    "X": np.ones((1, 2, 4, 4), np.float32),
    "boxes": np.array([[0, 0, 4, 4]], np.float32),
    "batch": np.array([1]),
}


@pytest.mark.parametrize("batch", [[1], [2]])  # the second does not run
def test_sessions_end_before_their_files_are_deleted(monkeypatch, batch):
    # Windows deletes no file that a session has mapped into memory.
    create, delete = onnxruntime.InferenceSession, tempfile.TemporaryDirectory.cleanup
    sessions: list[weakref.ref] = []
    alive = []

    def creating(*arguments, **options):
        session = create(*arguments, **options)
        sessions.append(weakref.ref(session))
        return session

    def deleting(folder):
        alive.append([session() for session in sessions])
        delete(folder)

    monkeypatch.setattr(onnxruntime, "InferenceSession", creating)
    monkeypatch.setattr(tempfile.TemporaryDirectory, "cleanup", deleting)
    model = ir.from_proto(make_roi_align_model(output_size=2))
    run(model, [{**FEEDS, "batch": np.array(batch)}], "the model")
    assert alive == [[None]]
