"""Training of the example's detector: a few steps on a few scenes, exported and run."""

from __future__ import annotations

import io

import numpy as np
import onnx
import onnxruntime
import pytest

pytest.importorskip("torchvision")

import onnxruntime_extensions
import to_onnx
import torch
import train
from network import SIZE, Inference
from PIL import Image
from pyramids import operators
from scenes import CLASSES, draw_scene
from support import session

from roiops._detector.model import Detector
from roiops.export import upgrade


@pytest.fixture(scope="module")
def network():
    torch.set_num_threads(1)  # on a busy machine more of them wait for each other
    return train.train(scenes=6, steps=3, seed=0)


@pytest.fixture(scope="module")
def path(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "detector.onnx"
    onnx.save(to_onnx.make_model(network), path)
    return path


def test_the_exported_network_detects_what_torch_does(network):
    exported, _ = upgrade(to_onnx.export_network(network))
    found = operators(exported)
    assert found["roiops::MultiScaleRoiAlign"] == 1 and "RoiAlign" not in found
    runner = session(exported)
    for seed in range(3):
        image = torch.randn(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            boxes, labels, scores = (values.numpy() for values in Inference(network)(image))
        assert len(boxes) > 0
        exported_boxes, exported_labels, exported_scores = runner.run(None, {"image": image.numpy()})
        np.testing.assert_allclose(exported_scores, scores, atol=1e-4)
        np.testing.assert_array_equal(exported_labels, labels)
        np.testing.assert_allclose(exported_boxes, boxes, atol=1e-2)


def test_the_whole_model_runs_with_and_without_the_plugin(path):
    detector, portable = Detector(path), Detector(path, plugin=False)
    assert tuple(detector.classes) == CLASSES
    for seed in range(3):
        scene = draw_scene(seed)
        found, expected = detector(scene.jpeg), portable(scene.jpeg)
        assert len(found.boxes) > 0
        np.testing.assert_allclose(found.boxes, expected.boxes, atol=1e-2)
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_the_model_reads_pictures_as_training_does(seed):
    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library(onnxruntime_extensions.get_library_path())
    reader = onnxruntime.InferenceSession(
        to_onnx.read_picture.to_model_proto(ir_version=8).SerializeToString(),
        options,
        providers=["CPUExecutionProvider"],
    )
    scene = draw_scene(seed)
    image, scale, limits = reader.run(None, {"jpeg": np.frombuffer(scene.jpeg, np.uint8)})
    trained, boxes, labels = train.to_example(scene)
    # Decoders and resizers round differently; a pixel off, or red for blue, would be far more.
    assert np.abs((image[0] * 0.25 + 0.5) * 255 - trained.numpy()).mean() < 1.5
    np.testing.assert_array_equal(labels, scene.labels + 1)
    np.testing.assert_allclose(boxes.numpy() * scale, scene.boxes, rtol=1e-5)
    np.testing.assert_array_equal(limits, np.tile(Image.open(io.BytesIO(scene.jpeg)).size, 2))


def test_variations_keep_boxes_on_their_shapes():
    """A bright rectangle on black is under its box, whichever way the example is turned."""
    image = torch.zeros(3, SIZE, SIZE, dtype=torch.uint8)
    image[:, 20:50, 70:150] = torch.tensor([250, 200, 150], dtype=torch.uint8)[:, None, None]
    random = torch.Generator().manual_seed(0)
    corners = set()
    for _ in range(40):
        varied, boxes, _ = train.vary((image, torch.tensor([[70.0, 20, 150, 50]]), torch.tensor([1])), random)
        x1, y1, x2, y2 = map(int, boxes[0])
        assert (varied[:, y1:y2, x1:x2] > 0).all() and (varied > 0).sum() == 3 * 80 * 30
        corners.add((x1, y1))
    assert len(corners) == 8
