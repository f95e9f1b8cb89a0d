"""NonMaxSuppression, NMSMatch and SoftNonMaxSuppression of upright boxes: definitions and bad inputs."""

from __future__ import annotations

import mmdeploy_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdeploy_models import NODE, one_node, run, session

SETTINGS = settings(max_examples=60, deadline=None)
NMS = {"iou_threshold": 0.5, "offset": 0}
SOFT = {"iou_threshold": 0.3, "sigma": 0.5, "min_score": 0.001, "method": 2, "offset": 0}
ONE = {"boxes": np.zeros((3, 4), "f"), "scores": np.zeros(3, "f")}
MATCH = {
    "boxes": np.zeros((1, 3, 4), "f"),
    "scores": np.zeros((1, 2, 3), "f"),
    "iou_threshold": np.array([0.5], "f"),
    "score_threshold": np.array([0.0], "f"),
}


def random_boxes(rng, *shape):
    """Boxes on whole pixels, so that overlaps recur exactly; some inverted, some not finite."""
    first = rng.integers(0, 20, (*shape, 2))
    boxes = np.concatenate([first, first + rng.integers(0, 12, (*shape, 2))], -1).astype(np.float32)
    boxes[rng.random(shape) < 0.05] *= -1
    boxes[rng.random(shape) < 0.03] = np.nan
    return boxes


def random_scores(rng, *shape):
    scores = np.round(rng.random(shape), 1).astype(np.float32)
    scores[rng.random(shape) < 0.05] = np.nan
    return scores


@SETTINGS
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 30),
    threshold=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    offset=st.integers(0, 1),
)
def test_nms_agrees_with_the_definition(seed, count, threshold, offset):
    rng = np.random.default_rng(seed)
    boxes, scores = random_boxes(rng, count), random_scores(rng, count)
    feeds = {"boxes": boxes, "scores": scores}
    found = run("NonMaxSuppression", feeds, iou_threshold=threshold, offset=offset)
    wanted = oracle.nms(boxes, scores, threshold, offset)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, wanted)


@SETTINGS
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 25),
    threshold=st.sampled_from([0.0, 0.3, 0.6]),
    score=st.sampled_from([-1.0, 0.05, 0.45]),
)
def test_matches_agree_with_the_definition(seed, count, threshold, score):
    rng = np.random.default_rng(seed)
    images, classes = rng.integers(0, 3, 2)
    boxes, scores = random_boxes(rng, images, count), random_scores(rng, images, classes, count)
    thresholds = [np.array([value], np.float32) for value in (threshold, score)]
    feeds = dict(zip(MATCH, (boxes, scores, *thresholds)))
    found = run("NMSMatch", feeds)
    wanted = oracle.nms_match(boxes, scores, *(float(t[0]) for t in thresholds))
    assert found.dtype == np.int64 and found.shape == wanted.shape
    np.testing.assert_array_equal(found, wanted)


def test_a_kept_box_without_a_match_has_no_row():
    boxes = np.array([[[0, 0, 10, 10], [0, 0, 10, 9], [50, 50, 60, 60]]], "f")
    scores = np.array([[[0.5, 0.9, 0.8]]], "f")
    assert run("NMSMatch", {**MATCH, "boxes": boxes, "scores": scores}).tolist() == [[0, 0, 1, 0]]


def test_matches_count_at_the_threshold_itself():
    boxes = np.array([[[0, 0, 2, 2], [0, 0, 2, 1]]], "f")  # an IoU of 1/2, up to the 1e-10 of the definition
    feeds = {**MATCH, "boxes": boxes, "scores": np.array([[[0.9, 0.8]]], "f")}
    assert len(run("NMSMatch", {**feeds, "iou_threshold": np.array([0.5], "f")})) == 0
    assert len(run("NMSMatch", {**feeds, "iou_threshold": np.array([0.4999999], "f")})) == 1


@SETTINGS
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 25),
    method=st.integers(0, 2),
    offset=st.integers(0, 1),
    least=st.sampled_from([-1.0, 0.0009, 0.0503]),
)
def test_soft_suppression_agrees_with_the_definition(seed, count, method, offset, least):
    rng = np.random.default_rng(seed)
    boxes, scores = random_boxes(rng, count), random_scores(rng, count)
    arguments = {"iou_threshold": 0.3, "sigma": 0.4, "min_score": least, "method": method, "offset": offset}
    found, kept = run("SoftNonMaxSuppression", {"boxes": boxes, "scores": scores}, 2, **arguments)
    as_held = {k: float(np.float32(v)) for k, v in arguments.items()}
    wanted, indices = oracle.soft_nms(boxes, scores, **as_held)
    assert found.shape == wanted.shape and kept.dtype == np.int64
    np.testing.assert_array_equal(kept, indices)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_the_first_pick_is_never_below_the_least_score():
    feeds = {"boxes": np.array([[0, 0, 1, 1]], "f"), "scores": np.array([0.1], "f")}
    found, kept = run("SoftNonMaxSuppression", feeds, 2, **{**SOFT, "min_score": 0.5})
    assert kept.tolist() == [0] and found[0, 4] == np.float32(0.1)


CASES = [("NonMaxSuppression", ONE, 1, NMS), ("SoftNonMaxSuppression", ONE, 2, SOFT)]


@pytest.mark.parametrize(
    ("case", "missing"), [(case, name) for case in CASES for name in case[-1]], ids=lambda v: str(v)[:30]
)
def test_a_missing_attribute_is_named(case, missing):
    *node, attributes = case
    rest = {k: v for k, v in attributes.items() if k != missing}
    with pytest.raises(Exception, match=f"{NODE}': attribute '{missing}' is missing"):
        session(one_node(*node, **rest))


@pytest.mark.parametrize(
    ("case", "name", "value", "wanted"),
    [
        (CASES[0], "iou_threshold", -0.5, "between 0 and 1"),
        (CASES[0], "offset", 2, "between 0 and 1"),
        (CASES[1], "method", 3, "between 0 and 2"),
        (CASES[1], "sigma", 0.0, "greater than 0 for method 2"),
        (CASES[1], "min_score", np.inf, "finite"),
    ],
    ids=str,
)
def test_a_wrong_attribute_is_named(case, name, value, wanted):
    *node, attributes = case
    with pytest.raises(Exception, match=f"{NODE}': attribute '{name}' is .*; it must be {wanted}"):
        session(one_node(*node, **{**attributes, name: value}))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ({"boxes": np.zeros((3, 5), "f")}, r"'boxes' has shape \(3, 5\); it must be \(number of boxes, 4\)"),
        ({"boxes": np.zeros((1, 3, 4), "f")}, r"'boxes' has shape \(1, 3, 4\)"),
        ({"scores": np.zeros(2, "f")}, r"'scores' has shape \(2\); it must be \(3\), one for each box"),
        ({"scores": np.zeros((3, 1), "f")}, r"'scores' has shape \(3, 1\)"),
    ],
)
def test_a_wrong_input_is_named(case, feeds, message):
    operator, good, outputs, attributes = case
    with pytest.raises(Exception, match=f"{NODE}.*{message}"):
        run(operator, {**good, **feeds}, outputs, **attributes)


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        (
            {"boxes": np.zeros((3, 4), "f")},
            r"'boxes' has shape \(3, 4\); it must be \(images, number of boxes, 4\)",
        ),
        (
            {"scores": np.zeros((1, 3, 2), "f")},
            r"'scores' has shape \(1, 3, 2\); it must be \(1, classes, 3\)",
        ),
        ({"scores": np.zeros((2, 2, 3), "f")}, r"'scores' has shape \(2, 2, 3\)"),
        ({"iou_threshold": np.zeros(2, "f")}, r"'iou_threshold' has shape \(2\); it must have one element"),
        ({"iou_threshold": np.zeros(0, "f")}, r"'iou_threshold' has shape \(0\); it must have one element"),
        ({"score_threshold": np.array([np.nan], "f")}, "'score_threshold' is NaN; it must be a number"),
    ],
)
def test_a_wrong_input_of_matches_is_named(feeds, message):
    with pytest.raises(Exception, match=f"{NODE}.*{message}"):
        run("NMSMatch", {**MATCH, **feeds})
