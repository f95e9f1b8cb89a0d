"""Exports with our operators, by both exporters of PyTorch, against the eager modules.

Needs torch and torchvision: pytest tests/interop/test_export_torch.py -o addopts=--import-mode=importlib
"""

from __future__ import annotations

import numpy as np
import onnx
import pytest

pytest.importorskip("torchvision")

import torch
from pyramids import operators
from support import session
from torch import nn
from torch_detectors import SIZE, make_detector
from torch_exports import EXPORTERS, assert_like_eager, export
from torch_frameworks import Boxes, ROIPooler, SingleRoIExtractor
from torch_poolers import CANONICAL_SIZE, IMAGE, STRIDES, TorchvisionPooler, boxes, feature_maps
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign, roi_align

from roiops.export import add_function_bodies
from roiops.export.torch import boxes_num, fused_poolers, multiscale_roi_align
from roiops.export.torch import roi_align as our_roi_align

COUNTS = (5, 0, 1, 150)  # the exports are traced with 12
SCALES = [1 / stride for stride in STRIDES]


def rois(count: int, images: int, seed: int = 0) -> torch.Tensor:
    """Boxes (count, 5) with the index of the image first, in no order."""
    image = torch.randint(0, images, (count, 1), generator=torch.Generator().manual_seed(seed))
    return torch.cat([image.to(torch.float32), boxes(count, seed)], dim=1)


def pooler_inputs(images: int, count: int, seed: int = 0) -> list[torch.Tensor]:
    """Feature maps and the boxes of each image, of which the second has three more, unless there are none."""
    return feature_maps(images, seed=seed) + [
        boxes(count + 3 * i if count else 0, seed + i) for i in range(images)
    ]


def check_pooler(module, make_inputs, exporter: str, opset: int = 18) -> onnx.ModelProto:
    """Assert that a pooler becomes one node among at most 20 that gives what the module gives."""
    with fused_poolers(module):
        model = export(module, make_inputs(12), exporter, opset)
    found = operators(model)
    assert found["roiops::MultiScaleRoiAlign"] == 1
    assert "RoiAlign" not in found and sum(found.values()) <= 20
    for seed, count in enumerate(COUNTS):
        assert_like_eager(module, model, make_inputs(count, seed))
    return model


class EveryRoiAlign(nn.Module):
    """torchvision's roi_align in all its forms, of boxes in one tensor and of a list of boxes."""

    def forward(self, *inputs):
        x, rois, *boxes = inputs
        return [
            roi_align(x, where, (3, 5), 0.25, ratio, aligned)
            for where in (rois, boxes)
            for ratio in (-1, 0, 2)
            for aligned in (False, True)
        ]


@pytest.mark.parametrize(
    ("exporter", "opset"),
    [("dynamo", 18), ("dynamo", 22), *(("torchscript", opset) for opset in (11, 13, 16, 18, 20))],
)
def test_roi_align(exporter, opset):
    def inputs(count, seed=0):
        return [
            feature_maps(2, seed=seed)[0],
            rois(count, 2, seed),
            boxes(count, seed),
            boxes(count + 1, seed),
        ]

    module = EveryRoiAlign()
    model = export(module, inputs(12), exporter, opset)
    assert operators(model)["roiops::RoiAlign"] == 12 and "RoiAlign" not in operators(model)
    for seed, count in enumerate(COUNTS):
        assert_like_eager(module, model, inputs(count, seed))


@pytest.mark.parametrize("images", [1, 4])
@pytest.mark.parametrize("exporter", EXPORTERS)
def test_torchvision_pooler(exporter, images):
    def inputs(count, seed=0):
        return pooler_inputs(images, count, seed)

    module = TorchvisionPooler(images)
    model = check_pooler(module, inputs, exporter)
    portable = add_function_bodies(model)
    for count in COUNTS:
        assert_like_eager(module, portable, inputs(count), plugin=False)


@pytest.mark.parametrize("opset", [11, 12, 14, 15, 20])
def test_torchvision_pooler_at_other_opsets(opset):
    check_pooler(
        TorchvisionPooler(2), lambda count, seed=0: pooler_inputs(2, count, seed), "torchscript", opset
    )


class Heads(nn.Module):
    """The box head and the mask head of torchvision's Mask R-CNN."""

    def __init__(self, channels: int = 3, classes: int = 4):
        super().__init__()
        self.names = [str(i) for i in range(len(STRIDES))]
        self.box_pool = MultiScaleRoIAlign(self.names, 7, 2, canonical_scale=CANONICAL_SIZE)
        self.box_head = TwoMLPHead(channels * 7**2, 16)
        self.box_predictor = FastRCNNPredictor(16, classes)
        self.mask_pool = MultiScaleRoIAlign(self.names, 14, 2, canonical_scale=CANONICAL_SIZE)
        self.mask_head = MaskRCNNHeads(channels, (8, 8), 1)
        self.mask_predictor = MaskRCNNPredictor(8, 8, classes)

    def forward(self, *inputs):
        maps, boxes = dict(zip(self.names, inputs)), list(inputs[len(STRIDES) :])
        pooled = self.box_pool(maps, boxes, [IMAGE] * len(boxes))
        scores, deltas = self.box_predictor(self.box_head(pooled))
        masks = self.mask_predictor(self.mask_head(self.mask_pool(maps, boxes, [IMAGE] * len(boxes))))
        return [scores, deltas, masks]


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_box_head_and_mask_head(exporter):
    torch.manual_seed(0)
    module = Heads().eval()
    with fused_poolers(module) as names:
        model = export(module, pooler_inputs(2, 12), exporter)
    assert names == ["box_pool", "mask_pool"]
    assert operators(model)["roiops::MultiScaleRoiAlign"] == 2
    for seed, count in enumerate(COUNTS):
        assert_like_eager(module, model, pooler_inputs(2, count, seed))


class Detectron2(nn.Module):
    """A Detectron2 pooler and its argument types."""

    def __init__(self, pooler_type: str = "ROIAlignV2", ratio: int = 0):
        super().__init__()
        self.pooler = ROIPooler(7, SCALES, ratio, pooler_type, canonical_box_size=CANONICAL_SIZE)

    def forward(self, *inputs):
        return self.pooler(list(inputs[: len(STRIDES)]), [Boxes(x) for x in inputs[len(STRIDES) :]])


@pytest.mark.parametrize(
    ("exporter", "pooler_type", "ratio"),
    [("dynamo", "ROIAlignV2", 0), ("torchscript", "ROIAlignV2", 0), ("torchscript", "ROIAlign", 2)],
)
def test_detectron2_pooler(exporter, pooler_type, ratio):
    def inputs(count, seed=0):
        return pooler_inputs(2, count, seed)

    check_pooler(Detectron2(pooler_type, ratio), inputs, exporter)


class Mmdet(nn.Module):
    """An mmdetection extractor."""

    def __init__(self, factor: float | None, **layer):
        super().__init__()
        config = {"type": "RoIAlign", "output_size": 7, "sampling_ratio": 0, **layer}
        self.extractor = SingleRoIExtractor(config, 3, STRIDES, finest_scale=14)
        self.factor = factor

    def forward(self, *inputs):
        return self.extractor(inputs[: len(STRIDES)], inputs[-1], roi_scale_factor=self.factor)


@pytest.mark.parametrize(
    ("exporter", "factor", "layer"),
    [
        ("dynamo", 1.3, {}),
        ("torchscript", None, {}),
        ("torchscript", None, {"aligned": False, "sampling_ratio": 2, "output_size": (3, 5)}),
    ],
)
def test_mmdetection_extractor(exporter, factor, layer):
    def inputs(count, seed=0):
        return feature_maps(2, seed=seed) + [rois(count, 2, seed)]

    check_pooler(Mmdet(factor, **layer), inputs, exporter)


class OwnHead(nn.Module):
    """What people write who call the operators themselves."""

    def forward(self, *inputs):
        p2, p3, *images = inputs
        every, counts = torch.cat(images), boxes_num(images)
        levels = (every[:, 2] - every[:, 0] > 40).to(torch.int64)
        fine = our_roi_align(p2, every, counts, (2, 3), 0.25, 2, aligned=False)
        largest = our_roi_align(p2, every, counts, 3, 0.25, mode="max")
        both = multiscale_roi_align([p2, p3], every, counts, levels, 7, SCALES[:2])
        indices = levels  # any (K,) integers below the number of images will do
        by_index = our_roi_align(p2, every, indices, 2, batch_format="batch_indices")
        return [fine, largest, both, by_index]


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_own_head(exporter):
    def inputs(count, seed=0):
        return feature_maps(2, seed=seed)[:2] + [boxes(count, seed), boxes(count + 2, seed)]

    module = OwnHead()
    model = export(module, inputs(12), exporter)
    for seed, count in enumerate(COUNTS):
        assert_like_eager(module, model, inputs(count, seed), tolerance=1e-6)


def test_whole_mask_rcnn():
    # Only the TorchScript exporter: torch.export stops in torchvision's non-maximum suppression.
    detector = make_detector("mask_rcnn")
    with fused_poolers(detector):
        module = Detector(detector)
        model = export(module, [torch.rand(3, SIZE, SIZE)], "torchscript", 17)
    found = operators(model)
    assert found["roiops::MultiScaleRoiAlign"] == 2 and "RoiAlign" not in found
    image = torch.rand(3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = [value.numpy() for value in module(image)]
    detected = session(model).run(None, {"in0": image.numpy()})
    assert len(expected[0]) > 0 and len(detected) == len(expected)
    np.testing.assert_array_equal(detected[1], expected[1])
    np.testing.assert_allclose(detected[0], expected[0], atol=1e-4 * SIZE)
    for y, eager in zip(detected[2:], expected[2:]):  # scores, and masks, which move with their boxes
        np.testing.assert_allclose(y, eager, atol=1e-2)


class Detector(nn.Module):
    """A detector on one image, whose results are a list."""

    def __init__(self, detector: nn.Module):
        super().__init__()
        self.detector = detector

    def forward(self, *images):
        return list(self.detector(list(images))[0].values())
