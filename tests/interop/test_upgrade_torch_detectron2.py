"""Whole detectors with Detectron2's proposals and poolers: every pooler fuses, results are the eager ones."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torchvision")

import torch
from make_graphs import DETECTORS
from pyramids import operators
from support import session
from torch_detectron2 import Detector, export, images

from roiops.export import upgrade
from roiops.export.upgrader.verify.compare import compare


@pytest.mark.parametrize(("stages", "count", "opset"), [*DETECTORS.values(), (1, 1, 17)])
def test_every_pooler_fuses(stages, count, opset):
    module = Detector(stages).eval()
    model = export(module, count, opset)
    assert operators(model)["RoiAlign"] == 4 * (stages + 1)
    # Opset 11 cannot say that its poolers are aligned.
    upgraded, report = upgrade(model, aligned=True)
    found = operators(upgraded)
    assert found["roiops::MultiScaleRoiAlign"] == stages + 1 and report.count("left alone") == 0
    assert not {"RoiAlign", "roiops::RoiAlign", "ScatterND"} & set(found)
    detector, names = session(upgraded), [value.name for value in upgraded.graph.output]
    detected = 0
    for seed in range(4):
        batch = images(count, seed)
        with torch.no_grad():
            eager = [tensor.numpy() for tensor in module(batch)]
        given = detector.run(None, {"images": batch.numpy()})
        detected += len(eager[-1])
        for verdict in compare(names, eager, given, 1e-4):
            assert verdict.verdict != "mismatch", f"seed {seed}: {verdict}"
    assert detected >= 4 * count
    nothing = np.zeros((count, 3, *images(1).shape[2:]), np.float32)
    with torch.no_grad():
        assert len(detector.run(None, {"images": nothing})[-1]) == len(module(torch.from_numpy(nothing))[-1])
