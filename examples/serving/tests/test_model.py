from __future__ import annotations

import numpy as np
import onnx
import pytest
from model import Detector
from models import brightest_red
from onnx import TensorProto, helper
from pictures import decode
from stand_in import make_stand_in

import roiops.export
from roiops._detector.model import Detector as PackagedDetector
from roiops._detector.picture import SAMPLE


def save(model: onnx.ModelProto, folder) -> str:
    onnx.save(model, folder / "model.onnx")
    return folder / "model.onnx"


def picture_with_red(height: int, width: int, box: tuple[int, int, int, int]) -> np.ndarray:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 1:] = 255  # a swap of colours would be seen
    x1, y1, x2, y2 = box
    picture[y1:y2, x1:x2, 0] = 255
    return picture


@pytest.mark.parametrize("layout", ["HWC", "CHW", "NCHW"])
def test_layouts(layout, tmp_path):
    detector = Detector(save(brightest_red(layout), tmp_path))
    assert not detector.takes_batches
    picture = picture_with_red(30, 40, (5, 10, 25, 22))
    (found,) = detector([picture])
    np.testing.assert_array_equal(found.boxes, [[5, 10, 25, 22]])
    np.testing.assert_array_equal(found.masks[0], picture[..., 0] > 0)
    assert detector.name(found.labels[0]) == "red" and detector.name(7) == "7" and detector.name(-1) == "-1"
    assert found.scores == [0.75] and not len(found.above(0.8).boxes) and not len(found.above(0.8).masks)


@pytest.mark.parametrize("size", [(120, 160), (160, 120), (32, 32), (8, 16)])
def test_pictures_are_fitted_and_results_brought_back(size, tmp_path):
    detector = Detector(save(brightest_red("NCHW", 64), tmp_path))
    height, width = size
    box = (width // 4, height // 4, width // 2, height // 2)
    picture = picture_with_red(height, width, box)
    (found,) = detector([picture])
    pixel = max(1, max(size) / 64)
    np.testing.assert_allclose(found.boxes, [box], atol=1.5 * pixel)
    assert found.masks.shape == (1, height, width)
    inside = picture[..., 0] > 0
    assert (found.masks[0] & inside).sum() > 0.7 * inside.sum()
    assert found.masks[0].sum() < 1.7 * inside.sum()


def test_the_decoder_is_cut_off(detector):
    """The model of the package finds what it finds with its decoder, whose pixels differ a little."""
    (found,) = detector([decode(SAMPLE.read_bytes(), 10**6)])
    found, wanted = found.above(0.5), PackagedDetector()(SAMPLE.read_bytes()).above(0.5)
    np.testing.assert_allclose(found.boxes, wanted.boxes, atol=0.5)
    np.testing.assert_allclose(found.scores, wanted.scores, atol=0.01)
    assert [detector.name(label) for label in found.labels] == wanted.names


@pytest.mark.parametrize("upgrade", [False, True])
def test_batches_are_what_single_pictures_are(upgrade, tmp_path):
    model = make_stand_in(side=64, channels=16, depth=1, boxes=7)
    if upgrade:
        model, _ = roiops.export.upgrade(model)
        assert any(node.domain == "roiops" for node in model.graph.node)
    detector = Detector(save(model, tmp_path))
    assert detector.takes_batches
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (h, w, 3), np.uint8) for h, w in ((64, 64), (20, 90), (200, 10))]
    together = detector(pictures)
    for picture, found in zip(pictures, together):
        (alone,) = detector([picture])
        assert len(alone.boxes) == 7
        np.testing.assert_allclose(found.scores, alone.scores, rtol=1e-5)
        np.testing.assert_allclose(found.boxes, alone.boxes, rtol=1e-5)
        assert (found.boxes <= np.array([picture.shape[1], picture.shape[0]] * 2)).all()


@pytest.mark.parametrize(
    ("kind", "shape"),
    [(TensorProto.FLOAT, [4]), (TensorProto.UINT8, [1, 3, 8, 8]), (TensorProto.DOUBLE, [3, 8, 8])],
)
def test_other_inputs_are_refused(kind, shape, tmp_path):
    value = helper.make_tensor_value_info("x", kind, shape)
    outputs = [helper.make_tensor_value_info(name, kind, shape) for name in ("boxes", "labels", "scores")]
    nodes = [helper.make_node("Identity", ["x"], [output.name]) for output in outputs]
    graph = helper.make_graph(nodes, "g", [value], outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    with pytest.raises(ValueError, match="the model's input 'x' is a tensor"):
        Detector(save(model, tmp_path))


def test_other_outputs_are_refused(tmp_path):
    model = brightest_red("CHW")
    model.graph.output[2].name = model.graph.node[-1].output[0] = "confidence"
    with pytest.raises(ValueError, match="none is named like scores"):
        Detector(save(model, tmp_path))
