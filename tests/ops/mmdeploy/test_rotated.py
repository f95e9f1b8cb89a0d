"""NMSRotated and MMCVRoIAlignRotated against the oracles of the operators that they are names for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdeploy_models import DOMAINS, NODE, one_node, run, session

from roiops import reference

SETTINGS = settings(max_examples=30, deadline=None)


def rotated_boxes(rng, count, extent):
    sides = np.exp(rng.uniform(0, np.log(extent), (count, 2)))
    boxes = [rng.uniform(-0.1 * extent, 1.1 * extent, (count, 2)), sides, rng.uniform(-7, 7, (count, 1))]
    return np.hstack(boxes).astype(np.float32)


@SETTINGS
@given(
    seed=st.integers(0, 2**32 - 1),
    iou=st.sampled_from([0.1, 0.3, 0.7]),
    score=st.sampled_from([-1.0, 0.05, 0.5]),
)
def test_suppression_agrees_with_the_oracle(seed, iou, score):
    rng = np.random.default_rng(seed)
    images, classes, count = rng.integers(0, 3), rng.integers(0, 4), rng.integers(0, 40)
    boxes = np.stack([rotated_boxes(rng, count, 30) for _ in range(images)] or [np.zeros((count, 5), "f")])
    boxes = boxes[:images]
    scores = np.round(rng.random((images, classes, count)), 1).astype(np.float32)
    found = run("NMSRotated", {"boxes": boxes, "scores": scores}, iou_threshold=iou, score_threshold=score)
    wanted = reference.nms_rotated(boxes, scores, iou, score_threshold=score)
    assert found.dtype == np.int64 and found.shape == wanted.shape
    np.testing.assert_array_equal(found, wanted)


@SETTINGS
@given(
    seed=st.integers(0, 2**32 - 1),
    domain=st.sampled_from(DOMAINS["MMCVRoIAlignRotated"]),
    size=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    ratio=st.sampled_from([0, 2, 3]),
    aligned=st.booleans(),
    clockwise=st.booleans(),
)
def test_pooling_agrees_with_the_oracle(seed, domain, size, ratio, aligned, clockwise):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rng.integers(1, 3), rng.integers(1, 20), *rng.integers(1, 30, 2))).astype("f")
    boxes = rotated_boxes(rng, rng.integers(0, 6), 60)
    images = rng.integers(0, len(x), len(boxes))
    rois = np.column_stack([images, boxes]).astype(np.float32)
    found = run(
        "MMCVRoIAlignRotated",
        {"x": x, "rois": rois},
        domain=domain,
        output_height=size[0],
        output_width=size[1],
        spatial_scale=0.5,
        sampling_ratio=ratio,
        aligned=int(aligned),
        clockwise=int(clockwise),
    )
    wanted = reference.roi_align_rotated(
        x, boxes, images, size, 0.5, ratio, aligned, clockwise=clockwise, batch_format="batch_indices"
    )
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5)


def test_angles_of_nms_are_clockwise():
    # Both along the diagonal from top left to bottom right, which is a clockwise turn of 45 degrees.
    boxes = np.array(
        [[[0, 0, 40, 4, np.pi / 4], [10, 10, 40, 4, np.pi / 4], [10, -10, 40, 4, np.pi / 4]]], "f"
    )
    found = run(
        "NMSRotated",
        {"boxes": boxes, "scores": np.array([[[0.9, 0.8, 0.7]]], "f")},
        iou_threshold=0.3,
        score_threshold=0.0,
    )
    assert found.tolist() == [[0, 0, 0], [0, 0, 2]]


NMS = ("NMSRotated", {"boxes": np.zeros((1, 3, 5), "f"), "scores": np.zeros((1, 2, 3), "f")})
NMS_ATTRIBUTES = {"iou_threshold": 0.5, "score_threshold": 0.0}
ROI = ("MMCVRoIAlignRotated", {"x": np.zeros((2, 3, 8, 9), "f"), "rois": np.ones((2, 6), "f")})
ROI_ATTRIBUTES = {
    "output_height": 2,
    "output_width": 3,
    "spatial_scale": 1.0,
    "sampling_ratio": 2,
    "aligned": 1,
    "clockwise": 1,
}


@pytest.mark.parametrize(
    ("case", "attributes", "missing"),
    [(NMS, NMS_ATTRIBUTES, name) for name in NMS_ATTRIBUTES]
    + [(ROI, ROI_ATTRIBUTES, name) for name in ROI_ATTRIBUTES],
)
def test_a_missing_attribute_is_named(case, attributes, missing):
    with pytest.raises(
        Exception, match=f"{NODE}': attribute '{missing}' is missing; it is required and must"
    ):
        session(one_node(*case, **{k: v for k, v in attributes.items() if k != missing}))


@pytest.mark.parametrize(
    ("case", "attributes", "message"),
    [
        (NMS, {"iou_threshold": 2.0}, "attribute 'iou_threshold' is 2; it must be between 0 and 1"),
        (NMS, {"iou_threshold": np.nan}, "attribute 'iou_threshold' is nan; it must be between 0 and 1"),
        (NMS, {"score_threshold": np.inf}, "attribute 'score_threshold' is inf; it must be finite"),
        (ROI, {"output_height": 0}, "attribute 'output_height' is 0; it must be between 1 and 2147483647"),
        (ROI, {"output_width": -3}, "attribute 'output_width' is -3; it must be between 1 and"),
        (ROI, {"spatial_scale": 0.0}, "attribute 'spatial_scale' is 0; it must be finite and greater than 0"),
        (ROI, {"sampling_ratio": 1025}, "attribute 'sampling_ratio' is 1025; it must be between .* and 1024"),
        (ROI, {"clockwise": 2}, "attribute 'clockwise' is 2; it must be between 0 and 1"),
        (ROI, {"aligned": 1.0}, "attribute 'aligned' has the wrong type; it must be an integer"),
    ],
)
def test_a_wrong_attribute_is_named(case, attributes, message):
    good = NMS_ATTRIBUTES if case is NMS else ROI_ATTRIBUTES
    with pytest.raises(Exception, match=f"{NODE}': {message}"):
        session(one_node(*case, **{**good, **attributes}))


@pytest.mark.parametrize(
    ("case", "feeds", "message"),
    [
        (NMS, {"boxes": np.zeros((3, 5), "f")}, r"'boxes' has shape \(3, 5\); it must be \(images, number"),
        (NMS, {"boxes": np.zeros((1, 3, 4), "f")}, r"'boxes' has shape \(1, 3, 4\)"),
        (
            NMS,
            {"scores": np.zeros((1, 3, 2), "f")},
            r"'scores' has shape \(1, 3, 2\); it must be \(1, classes",
        ),
        (ROI, {"x": np.zeros((3, 8, 9), "f")}, r"'x' has shape \(3, 8, 9\); it must have 4 dimensions"),
        (
            ROI,
            {"rois": np.ones((2, 5), "f")},
            r"'rois' has shape \(2, 5\); it must be \(number of boxes, 6\)",
        ),
        (ROI, {"rois": np.full((1, 6), 2, "f")}, "'rois': box 0 has batch index 2; it must be an index of"),
        (ROI, {"rois": np.full((1, 6), -1, "f")}, "'rois': box 0 has batch index -1"),
        (ROI, {"rois": np.full((1, 6), 0.5, "f")}, "'rois': box 0 has batch index 0.5"),
        (ROI, {"rois": np.array([[0, 1, 1, np.nan, 1, 1]], "f")}, "'rois': box 0 is .*must be finite"),
    ],
)
def test_a_wrong_input_is_named(case, feeds, message):
    operator, good = case
    attributes = NMS_ATTRIBUTES if case is NMS else ROI_ATTRIBUTES
    with pytest.raises(Exception, match=f"{NODE}.*{message}"):
        run(operator, {**good, **feeds}, **attributes)


@pytest.mark.parametrize("domain", DOMAINS["MMCVRoIAlignRotated"])
def test_no_boxes_give_an_empty_result(domain):
    feeds = {"x": np.zeros((1, 3, 8, 9), "f"), "rois": np.zeros((0, 6), "f")}
    assert run("MMCVRoIAlignRotated", feeds, domain=domain, **ROI_ATTRIBUTES).shape == (0, 3, 2, 3)
