"""torchvision's detectors as PyTorch exports them, upgraded, against the eager modules.

Needs torch and torchvision; run as test_upgrade_torch.py says.
"""

from __future__ import annotations

import pytest

pytest.importorskip("torchvision")

import torch
from support import session
from torch_tiny_detectors import KINDS, assert_detects_the_same, detector, export_detector, kinds_of

from roiops.export import upgrade

HEADS = {"mask": "PasteMasks", "keypoint": "HeatmapsToKeypoints"}


def pictures(count: int, height: int, width: int, seed: int = 2) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(3, height, width, generator=generator) for _ in range(count)]


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("opset", [11, 13, 16, 18, 20])
@pytest.mark.parametrize("kind", KINDS)
def test_upgraded_detectors_have_no_loop_and_detect_the_same(kind, opset, images):
    model = detector(kind)
    exported = export_detector(model, pictures(images, 60, 80), opset)
    assert list(kinds_of(exported.graph)).count("Loop") == (images if kind in HEADS else 0)
    upgraded, report = upgrade(exported)
    found = list(kinds_of(upgraded.graph))
    assert report.count("left alone") == 0 and not {"Loop", "RoiAlign"} & {
        node.op_type for node in upgraded.graph.node if node.domain == ""
    }
    for head in HEADS.values():
        assert found.count(head) == (images if HEADS.get(kind) == head else 0)
    loaded = session(upgraded)
    for seed, (height, width) in enumerate([(60, 80), (70, 64), (33, 90)]):
        assert_detects_the_same(model, loaded, pictures(images, height, width, seed))


@pytest.mark.parametrize("kind", HEADS)
def test_upgraded_detectors_without_a_detection(kind):
    model, images = detector(kind, threshold=2.0), pictures(1, 60, 80)
    upgraded, _ = upgrade(export_detector(model, images, 17))
    assert "Loop" not in kinds_of(upgraded.graph)
    assert_detects_the_same(model, session(upgraded), images)
