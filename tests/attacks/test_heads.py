"""PasteMasks and HeatmapsToKeypoints: attributes, shapes and values that no builder would let through."""

from __future__ import annotations

import threading
from functools import partial

import numpy as np
import onnx
import pytest
from attacks import hostile
from attacks.hostile import LOAD, NODE, RUN, assert_refused, assert_refused_by_onnxruntime
from onnx import TensorProto, helper

INPUTS = {
    "PasteMasks": {
        "masks": np.ones((3, 1, 4, 5), np.float32),
        "boxes": hostile.BOXES,
        "image_size": np.array([6, 7]),
    },
    "HeatmapsToKeypoints": {"maps": np.ones((3, 2, 4, 5), np.float32), "rois": hostile.BOXES},
}
OUTPUTS = {"PasteMasks": ("pasted",), "HeatmapsToKeypoints": ("keypoints", "scores")}
SHAPES = {"PasteMasks": (3, 6, 7), "HeatmapsToKeypoints": (3, 2, 3)}
BOXES = {"PasteMasks": "boxes", "HeatmapsToKeypoints": "rois"}
FEATURES = {"PasteMasks": "masks", "HeatmapsToKeypoints": "maps"}
EACH = pytest.mark.parametrize("operator", INPUTS)


def model(operator: str, **attributes) -> onnx.ModelProto:
    """A one-node model whose inputs have types but no shapes."""
    feeds = INPUTS[operator]
    node = helper.make_node(
        operator, list(feeds), list(OUTPUTS[operator]), name=NODE, domain="roiops", **attributes
    )
    infos = [hostile.untyped_shape(n, helper.np_dtype_to_tensor_dtype(v.dtype)) for n, v in feeds.items()]
    outputs = [hostile.untyped_shape(name, TensorProto.FLOAT) for name in OUTPUTS[operator]]
    return hostile.wrapped(helper.make_graph([node], "g", infos, outputs))


def run(operator: str, changes: dict[str, np.ndarray] | None = None, **attributes) -> list[np.ndarray]:
    feeds = {**INPUTS[operator], **(changes or {})}
    return hostile.session(model(operator, **attributes)).run(None, feeds)


@EACH
def test_the_model_itself_is_right(operator):
    assert run(operator)[0].shape == SHAPES[operator]


@EACH
@pytest.mark.parametrize("value", ["", "Torchvision", "x" * 100_000, 1, 0.5, [1], ["torchvision"]])
def test_wrong_conventions(operator, value):
    assert_refused(LOAD, "attribute 'convention'", lambda: run(operator, convention=value))


@pytest.mark.parametrize("value", [-1.0, -1e-30, float("nan"), float("inf"), float("-inf"), 1, "0.5", [0.5]])
def test_wrong_thresholds(value):
    assert_refused(LOAD, "attribute 'threshold'", lambda: run("PasteMasks", threshold=value))


@pytest.mark.parametrize("value", ["", "float", 1, [1.0]])
def test_wrong_outputs(value):
    assert_refused(LOAD, "attribute 'output'", lambda: run("PasteMasks", output=value))


@EACH
@pytest.mark.parametrize(
    "shape",
    [(), (3,), (3, 4), (3, 1, 1, 4, 5), (2, 1, 4, 5), (0, 1, 4, 5), (3, 1, 0, 5), (3, 1, 4, 0)],
    ids=str,
)
def test_features_of_any_shape(operator, shape):
    name = FEATURES[operator]
    features = np.ones(shape, np.float32)
    assert_refused(RUN, f"input '{name}'", lambda: run(operator, {name: features}), "shape")


@EACH
@pytest.mark.parametrize("shape", [(), (4,), (3, 3), (3, 5), (3, 4, 1), (4, 4), (0, 4), (3, 0)], ids=str)
def test_boxes_of_any_shape(operator, shape):
    attempt = lambda: run(operator, {BOXES[operator]: np.ones(shape, np.float32)})  # noqa: E731
    name = FEATURES[operator] if shape in ((4, 4), (0, 4)) else BOXES[operator]  # one per box
    assert_refused(RUN, f"input '{name}'", attempt, "shape")


@EACH
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", range(4))
def test_coordinates_that_are_not_finite(operator, bad, at):
    boxes = hostile.BOXES.copy()
    boxes[1, at] = bad
    name = BOXES[operator]
    assert_refused(RUN, f"input '{name}'", lambda: run(operator, {name: boxes}), "box 1", "finite")


@pytest.mark.parametrize(
    "size", [[-1, 4], [4, -1], [-(2**63), 1], [2**62, 2**62], [2**63 - 1, 2**63 - 1]], ids=str
)
def test_sizes_of_images(size):
    attempt = lambda: run("PasteMasks", {"image_size": np.array(size)})  # noqa: E731
    assert_refused(RUN, "input 'image_size'", attempt)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3,), (1, 2), (2, 1)], ids=str)
def test_sizes_of_images_of_any_shape(shape):
    attempt = lambda: run("PasteMasks", {"image_size": np.ones(shape, np.int64)})  # noqa: E731
    assert_refused(RUN, "input 'image_size'", attempt, "shape")


def test_an_image_without_pixels():
    for size in ([0, 7], [6, 0], [0, 2**40]):
        assert run("PasteMasks", {"image_size": np.array(size)})[0].shape == (3, *size)


@hostile.needs_bad_alloc
def test_an_image_beyond_memory():
    attempt = lambda: run("PasteMasks", {"image_size": np.array([2**24, 2**24])})  # noqa: E731
    assert_refused_by_onnxruntime(Exception, attempt)


@pytest.mark.parametrize("side", [65537.0, 1e9, 3e38])
def test_boxes_too_large_to_upsample(side):
    for box in ([0, 0, side, 4], [0, 0, 4, side], [-3e38, 0, 3e38, 4]):
        rois = np.array([box] * 3, np.float32)
        assert_refused(RUN, "input 'rois'", partial(run, "HeatmapsToKeypoints", {"rois": rois}), "65536")


@pytest.mark.parametrize("convention", ["torchvision", "detectron2", "mmdetection"])
def test_huge_and_inverted_boxes_end(convention):
    rng = np.random.default_rng(0)
    extremes = np.array([-3.4e38, -1e20, -(2.0**63), -1, 0, 1e-45, 1, 2.0**31, 2.0**63, 3.4e38], np.float32)
    boxes = rng.choice(extremes, (500, 4)).astype(np.float32)
    masks = np.ones((500, 1, 4, 5), np.float32)
    pasted = run("PasteMasks", {"masks": masks, "boxes": boxes}, convention=convention)[0]
    assert pasted.shape == (500, 6, 7)
    defined = pasted[~np.isnan(pasted)]
    assert ((defined >= -1e-5) & (defined <= 1 + 1e-5)).all()


@EACH
def test_pixels_of_any_bits(operator):
    bits = np.random.default_rng(0).integers(0, 2**32, (3, 1, 40, 41), np.uint32)
    boxes = np.array([[0, 0, 90, 90], [2, 2, 9, 9], [-5, -5, 300, 300]], np.float32)
    changes = {FEATURES[operator]: bits.view(np.float32), BOXES[operator]: boxes}
    first, second = run(operator, changes), run(operator, changes)
    for a, b in zip(first, second):
        np.testing.assert_array_equal(a, b)
    if operator == "HeatmapsToKeypoints":
        points = first[0][:, 0, :2]
        assert ((points >= boxes[:, :2]) & (points <= boxes[:, 2:])).all()


@EACH
def test_threads_share_a_session(operator):
    session = hostile.session(model(operator), intra_op_num_threads=2)
    wanted = session.run(None, INPUTS[operator])
    wrong = []

    def call() -> None:
        for _ in range(30):
            found = session.run(None, INPUTS[operator])
            wrong.extend(a for a, b in zip(found, wanted) if not np.array_equal(a, b))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
