"""Fresh exports of PyTorch poolers, upgraded, against the eager modules.

Needs torch and torchvision: pytest tests/interop/test_upgrade_torch.py -o addopts=--import-mode=importlib
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnx
import pytest

pytest.importorskip("torchvision")

import torch
from pyramids import operators
from support import session
from torch_detectors import SIZE, export_detector
from torch_poolers import (
    STRIDES,
    Detectron2Pooler,
    TorchvisionPooler,
    boxes,
    export_dynamo,
    export_torchscript,
    feature_maps,
    input_names,
)

from roiops.export import upgrade

TOLERANCE = 1e-5


def check(module, model, images: int, **choices) -> None:
    """Assert that one fused node is left and computes what the eager module does."""
    upgraded, _ = upgrade(model, **choices)
    found = operators(upgraded)
    assert found["roiops::MultiScaleRoiAlign"] == 1
    assert not {"RoiAlign", "roiops::RoiAlign", "ScatterElements", "ScatterND", "NonZero"} & set(found)
    pooler = session(upgraded)
    for count in (12, 0, 1, 200):
        inputs = feature_maps(images, seed=1) + [boxes(count, 7 + image) for image in range(images)]
        if count == 1:  # one level in use
            inputs[len(STRIDES) :] = [torch.tensor([[10.0, 12.0, 50.0, 52.0]])] * images
        with torch.no_grad():
            expected = module(*inputs).numpy()
        arrays = {name: x.numpy() for name, x in zip(input_names(images), inputs)}
        # The exporter drops the inputs that a module does not use.
        pooled = pooler.run(None, {value.name: arrays[value.name] for value in pooler.get_inputs()})[0]
        assert pooled.shape == expected.shape
        assert np.abs(pooled - expected).max(initial=0) <= TOLERANCE * np.abs(expected).max(initial=1e-9)


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("opset", [11, 16, 18])
def test_torchvision_torchscript(opset, images):
    module = TorchvisionPooler(images)
    check(module, export_torchscript(module, images, opset), images)


@pytest.mark.parametrize("levels", [2, 3])
def test_torchvision_fewer_levels(levels):
    module = TorchvisionPooler(levels=levels)

    class Some(torch.nn.Module):
        def forward(self, *inputs):
            return module(*inputs[:levels], *inputs[len(STRIDES) :])

    check(Some(), export_torchscript(Some(), 1, 16), 1)


@pytest.mark.parametrize("size, ratio", [(14, 2), (7, 0), ((3, 5), 1)])
def test_torchvision_other_parameters(size, ratio):
    module = TorchvisionPooler(output_size=size, sampling_ratio=ratio)
    check(module, export_torchscript(module, 1, 16), 1)


@pytest.mark.parametrize("opset", [18, 22])
def test_torchvision_dynamo(opset):
    module = TorchvisionPooler()
    check(module, export_dynamo(module, 1, opset), 1)


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("aligned", [True, False])
def test_detectron2_opset_16(aligned, images):
    module = Detectron2Pooler(images, aligned=aligned)
    check(module, export_torchscript(module, images, 16), images)


@pytest.mark.parametrize("aligned", [True, False])
def test_detectron2_opset_11_repaired(aligned):
    module = Detectron2Pooler(aligned=aligned)
    check(module, export_torchscript(module, 1, 11), 1, aligned=aligned)


@pytest.mark.parametrize("name, poolers", [("faster_rcnn", 1), ("mask_rcnn", 2)])
def test_detector(name, poolers):
    model = export_detector(name)
    assert operators(model)["RoiAlign"] == 4 * poolers
    upgraded, report = upgrade(model)
    found = operators(upgraded)
    assert found["roiops::MultiScaleRoiAlign"] == poolers and "RoiAlign" not in found
    assert report.count("left alone") == 0
    original, replacement = session(model, plugin=False), session(upgraded)
    assert [o.name for o in original.get_outputs()] == [o.name for o in replacement.get_outputs()]
    for seed in range(3):
        image = {"image": np.random.default_rng(seed).random((3, SIZE, SIZE), np.float32)}
        expected, detected = original.run(None, image), replacement.run(None, image)
        boxes_, labels, scores = (0, 1, 2)
        assert len(expected[labels]) > 0
        np.testing.assert_array_equal(detected[labels], expected[labels])
        np.testing.assert_allclose(detected[boxes_], expected[boxes_], atol=1e-4 * SIZE)
        np.testing.assert_allclose(detected[scores], expected[scores], atol=1e-4)
        for a, b in zip(expected[3:], detected[3:]):
            np.testing.assert_allclose(b, a, atol=1e-3)


def test_the_command_verifies_a_mask_rcnn_on_a_picture(tmp_path):
    """And finds a pooler whose scale is slightly wrong."""
    image = pytest.importorskip("PIL.Image")
    model, out, picture = (tmp_path / name for name in ("mask.onnx", "out.onnx", "picture.png"))
    onnx.save(export_detector("mask_rcnn"), model)
    pixels = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    image.fromarray(pixels).save(picture)

    def status(*arguments: object) -> int:
        command = [sys.executable, "-m", "roiops.cli", *map(str, arguments), "--input", str(picture)]
        return subprocess.run(command, check=False, capture_output=True).returncode

    assert status("upgrade", model, out, "--verify") == 0
    wrong = onnx.load(out)
    node = next(node for node in wrong.graph.node if node.op_type == "MultiScaleRoiAlign")
    next(a for a in node.attribute if a.name == "spatial_scales").floats[1] *= 1.02
    onnx.save(wrong, out)
    assert status("verify", model, out) == 1
