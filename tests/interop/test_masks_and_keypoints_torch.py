"""Masks and keypoints against the frameworks' own functions, alone and in whole detectors.

Needs torch and torchvision; run as test_export_torch.py says.
"""

from __future__ import annotations

import numpy as np
import onnx
import pytest

pytest.importorskip("torchvision")

import torch
from support import ORT_VERSION, session
from torch import nn
from torch.nn.functional import grid_sample
from torch_exports import EXPORTERS, assert_like_eager, export
from torch_tiny_detectors import KINDS, assert_detects_the_same, detector, export_detector, kinds_of
from torchvision.models.detection import roi_heads

import roiops
from roiops.export.torch import (
    fused_heads,
    fused_poolers,
    heatmaps_to_keypoints,
    paste_masks,
    register_symbolics,
    unregister_symbolics,
)

DTYPES = [torch.float32, torch.float64]


def random_boxes(rng, count, dtype, size=60.0, whole=False) -> torch.Tensor:
    corners = rng.uniform(-15, 70, (count, 2))
    boxes = np.concatenate([corners, corners + size * rng.uniform(0.02, 1.2, (count, 2))], 1)
    return torch.tensor(np.round(boxes) if whole else boxes).to(dtype)


def sampled(masks: torch.Tensor, boxes: torch.Tensor, height: int, width: int) -> np.ndarray:
    """Detectron2's and mmdetection's rule: the grid of the image's pixel centres within each box."""
    x = (torch.arange(width) + 0.5 - boxes[:, None, 0]) / (boxes[:, None, 2] - boxes[:, None, 0]) * 2 - 1
    y = (torch.arange(height) + 0.5 - boxes[:, None, 1]) / (boxes[:, None, 3] - boxes[:, None, 1]) * 2 - 1
    size = (len(boxes), height, width)
    grid = torch.stack([x[:, None].expand(size), y[:, :, None].expand(size)], 3)
    return grid_sample(masks, grid.to(masks.dtype), align_corners=False)[:, 0].numpy()


def assert_thresholds_agree(soft: np.ndarray, masks: torch.Tensor, boxes: torch.Tensor, convention) -> None:
    for threshold in (0.3, 0.5) if ORT_VERSION >= (1, 19) else ():
        found = roiops.paste_masks(masks.numpy(), boxes.numpy(), soft.shape[1:], convention, threshold)
        assert (np.abs(soft - threshold)[found != (soft >= threshold)] < 1e-5).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(20))
def test_torchvision_pastes_the_same(seed, dtype):
    rng = np.random.default_rng(seed)
    side = int(rng.choice([1, 2, 14, 28]))
    masks = torch.tensor(rng.random((6, 1, side, side))).to(dtype)
    boxes = random_boxes(rng, 6, dtype, size=float(rng.choice([1.0, 60.0])), whole=seed % 2 == 0)
    size = tuple(map(int, rng.integers(1, 90, 2)))
    found = roiops.paste_masks(masks.numpy(), boxes.numpy(), size)
    for k in range(len(boxes)):
        try:
            eager = roi_heads.paste_masks_in_image(masks[k : k + 1], boxes[k : k + 1], size)[0].numpy()
        except (IndexError, RuntimeError):  # a box outside the image
            assert not found[k].any()
            continue
        np.testing.assert_allclose(found[k : k + 1], eager, atol=1e-5)
        assert_thresholds_agree(eager, masks[k : k + 1], boxes[k : k + 1], "torchvision")


@pytest.mark.parametrize("convention", ["detectron2", "mmdetection"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(20))
def test_grid_sample_pastes_the_same(seed, dtype, convention):
    rng = np.random.default_rng(seed)
    side = int(rng.choice([1, 2, 14, 28]))
    masks = torch.tensor(rng.random((6, 1, side, side))).to(dtype)
    boxes = random_boxes(rng, 6, dtype, size=float(rng.choice([1.0, 60.0])))
    boxes[0] = boxes[0, [2, 3, 0, 1]]  # inverted
    height, width = map(int, rng.integers(1, 90, 2))
    eager = sampled(masks, boxes, height, width)
    found = roiops.paste_masks(masks.numpy(), boxes.numpy(), (height, width), convention)
    np.testing.assert_allclose(found, eager, atol=1e-5)
    assert_thresholds_agree(eager, masks, boxes, convention)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(20))
def test_torchvision_finds_the_same_keypoints(seed, dtype):
    rng = np.random.default_rng(seed)
    maps = torch.tensor(rng.standard_normal((4, 5, *rng.integers(2, 57, 2)))).to(dtype)
    rois = random_boxes(rng, 4, dtype, size=float(rng.choice([0.5, 20.0, 200.0])))
    eager, eager_scores = (y.numpy() for y in roi_heads.heatmaps_to_keypoints(maps, rois))
    found, scores = roiops.heatmaps_to_keypoints(maps.numpy(), rois.numpy())
    np.testing.assert_allclose(scores, eager_scores, atol=1e-5)
    for k, p in np.argwhere(~np.isclose(found, eager, rtol=1e-6, atol=1e-4).all(-1)):
        # Another pixel: its value must be the same but for rounding.
        assert scores[k, p] == pytest.approx(eager_scores[k, p], rel=1e-6)


class Heads(nn.Module):
    """Both operators, on tensors that change from call to call."""

    def forward(self, *inputs):
        masks, boxes, image_size, maps = inputs
        keypoints, scores = heatmaps_to_keypoints(maps, boxes)
        return paste_masks(masks, boxes, image_size, "detectron2"), keypoints, scores


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("opset", [18, 20])
def test_operators_are_exported_as_one_node_each(exporter, opset):
    boxes = random_boxes(np.random.default_rng(0), 3, torch.float32)
    inputs = torch.rand(3, 1, 14, 14), boxes, torch.tensor([40, 50]), torch.rand(3, 4, 9, 9)
    model = export(Heads(), inputs, exporter, opset)
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("PasteMasks") == kinds.count("HeatmapsToKeypoints") == 1
    assert_like_eager(Heads(), model, inputs)


# Whole detectors


def fused_export(model: nn.Module, images: list[torch.Tensor], opset: int) -> onnx.ModelProto:
    register_symbolics()
    try:
        with fused_poolers(model), fused_heads():
            return export_detector(model, images, opset)
    finally:
        unregister_symbolics()


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("opset", [11, 13, 16, 18, 20])
@pytest.mark.parametrize("kind", KINDS)
def test_detectors_have_no_loop_and_detect_the_same(kind, opset, images):
    model = detector(kind)
    first = [torch.rand(3, 60, 80, generator=torch.manual_seed(2)) for _ in range(images)]
    exported = fused_export(model, first, opset)
    kinds = list(kinds_of(exported.graph))
    assert "Loop" not in kinds
    assert kinds.count("PasteMasks") == (images if kind == "mask" else 0)
    assert kinds.count("HeatmapsToKeypoints") == (images if kind == "keypoint" else 0)
    loaded = session(exported)
    assert_detects_the_same(model, loaded, first)
    assert_detects_the_same(model, loaded, [torch.rand(3, 70, 64, generator=torch.manual_seed(3))] * images)


@pytest.mark.parametrize("kind", ["mask", "keypoint"])
def test_detectors_without_a_detection(kind):
    model, images = detector(kind, threshold=2.0), [torch.rand(3, 60, 80)]
    assert_detects_the_same(model, session(fused_export(model, images, 17)), images)
