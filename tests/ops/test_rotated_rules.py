"""One test for each row of docs/rotated.md, with values worked out by hand wherever that is possible."""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path

import numpy as np
import pytest
from doc_snippets import ROOT
from onnx import TensorProto
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
from support import one_node_model, run

import roiops
from roiops import export

SIDE = 12
# Pixel (i, j) holds 100 * i + j, so a sample at (y, x) that needs no clamping is 100 * y + x.
RAMP = (100.0 * np.arange(SIDE)[:, None] + np.arange(SIDE))[None, None].astype(np.float32)
FLAT = np.full((1, 1, SIDE, SIDE), 8.0, np.float32)
SECONDS = 5  # a loop over the samples of the boxes that this bounds would take minutes or years


def pool(box, x=RAMP, output_size=1, **attributes):
    box = np.array([[0, *box]], np.float32)
    return roiops.roi_align_rotated(x, box, output_size, **attributes)[0, 0]


def test_every_rule_has_its_test_and_every_test_its_rule():
    page = (ROOT / "docs" / "rotated.md").read_text()
    written = {node.name for node in ast.parse(Path(__file__).read_text()).body if hasattr(node, "name")}
    named = re.findall(r"`(test_\w+)` \|$", page, re.MULTILINE)
    assert len(named) == len(set(named))
    assert set(named) == {n for n in written if n.startswith("test_")} - {
        "test_every_rule_has_its_test_and_every_test_its_rule"
    }


def test_angles_in_degrees_and_radians_are_one():
    one = pool([6, 5, 4, 2, 0.7], output_size=3)
    np.testing.assert_allclose(
        pool([6, 5, 4, 2, np.rad2deg(0.7)], output_size=3, angle_unit="degrees"), one, rtol=1e-5
    )


def test_a_clockwise_angle_turns_x_towards_y():
    # Two bins along the width, centres 2 pixels from that of the box, turned by a quarter.
    down = pool([6.5, 5.5, 8, 2, np.pi / 2], output_size=(1, 2), sampling_ratio=1, clockwise=True)
    np.testing.assert_allclose(down, [[100 * 3 + 6, 100 * 7 + 6]], rtol=1e-5)
    up = pool([6.5, 5.5, 8, 2, np.pi / 2], output_size=(1, 2), sampling_ratio=1)
    np.testing.assert_allclose(up, [[100 * 7 + 6, 100 * 3 + 6]], rtol=1e-5)


def test_not_aligned_boxes_are_at_least_one_pixel():
    one = pool([6, 5, 1, 1, 0.3], output_size=2, aligned=False)
    np.testing.assert_array_equal(pool([6, 5, 0.1, 0.2, 0.3], output_size=2, aligned=False), one)
    assert pool([6, 5, 0, 0, 0], aligned=False, sampling_ratio=1)[0, 0] == 506


def test_without_an_angle_it_is_roi_align():
    x = np.random.default_rng(0).standard_normal((1, 5, 30, 40)).astype(np.float32)
    rotated = roiops.roi_align_rotated(x, [[0, 14, 12, 20, 10, 0]], 7)
    straight = roiops.roi_align(x, [[0, 4, 7, 24, 17]], None, 7)
    np.testing.assert_allclose(rotated, straight, atol=1e-5)


def test_samples_outside_are_zero_and_counted():
    # One of two samples of the bin is more than a pixel left of the map.
    assert pool([0.5, 5, 8, 2, 0], FLAT, sampling_ratio=2)[0, 0] == 4
    assert pool([-20, 5, 8, 2, 0.4], FLAT)[0, 0] == 0


def test_adaptive_boxes_without_a_size_are_zero():
    assert pool([5, 5, 0, 4, 0.2], FLAT)[0, 0] == 0
    assert pool([5, 5, 0, 4, 0.2], FLAT, sampling_ratio=1)[0, 0] == 8


def test_negative_sides_mirror():
    box = [6, 5, 4, 2, 0.4]
    mirrored = pool([6, 5, -4, 2, 0.4], output_size=(1, 3), sampling_ratio=2)
    np.testing.assert_allclose(mirrored[:, ::-1], pool(box, output_size=(1, 3), sampling_ratio=2), rtol=1e-6)
    assert (pool([6, 5, -4, 2, 0.4], FLAT) == 0).all()


@pytest.mark.parametrize("side", [1e6, 1e12, 1e30])
def test_huge_adaptive_boxes_are_quick(side):
    start = time.perf_counter()
    for mode in ("avg", "max"):
        result = pool([5, 5, side, side * 1.1, 0.3], output_size=7, mode=mode)
        assert np.isfinite(result).all()
    assert time.perf_counter() - start < SECONDS


def test_ratios_beyond_1024_are_an_error():
    assert pool([6, 6, 3, 3, 0.3], FLAT, sampling_ratio=1024)[0, 0] == pytest.approx(8)
    with pytest.raises(ValueError, match="^sampling_ratio: .*1024"):
        pool([6, 6, 3, 3, 0.3], sampling_ratio=1025)


def test_bad_boxes_and_images_are_named():
    model = export.make_roi_align_rotated_model(output_size=1, batch_format="batch_indices", name="head")
    feeds = {"X": RAMP, "boxes": np.zeros((2, 5), np.float32), "batch": np.array([0, 0])}
    for change, message in [
        ({"batch": np.array([0, 1])}, "head.*'batch': element 1 is 1"),
        ({"boxes": np.array([[0, 0, 1, 1, 0], [0, 0, 1, 1, np.nan]], np.float32)}, "head.*'boxes': box 1 is"),
        ({"boxes": np.zeros((2, 5), np.float32)[:1]}, "head.*'batch' has shape"),
    ]:
        with pytest.raises(InvalidArgument, match=message):
            run(model, {**feeds, **change})


def test_overlaps_have_their_geometric_values():
    boxes = np.array([[0, 0, 2, 2, 0], [1, 0, 2, 2, 0], [0, 0, 2, 2, np.pi / 4], [9, 9, 2, 2, 0]], np.float64)
    octagon = 8 * (np.sqrt(2) - 1)  # what two squares of side 2 share that are turned by an eighth
    wanted = [1, 1 / 3, octagon / (8 - octagon), 0]
    np.testing.assert_allclose(roiops.box_iou_rotated(boxes[:1], boxes)[0], wanted, atol=1e-14)


def test_iof_divides_by_the_first_area():
    a, b = np.array([[0, 0, 2, 2, 0.3]]), np.array([[0, 0, 1, 1, 0.3]])
    assert roiops.box_iou_rotated(a, b, "iof")[0, 0] == pytest.approx(0.25)
    assert roiops.box_iou_rotated(b, a, "iof")[0, 0] == pytest.approx(1)


def test_boxes_without_area_overlap_nothing():
    boxes = np.array([[0, 0, 2, 2, 0], [0, 0, 0, 2, 0], [0, 0, -2, -2, 0]], np.float64)
    np.testing.assert_array_equal(roiops.box_iou_rotated(boxes, boxes), np.diag([1.0, 0, 0]))


def test_touching_boxes_share_nothing_and_equal_ones_all():
    for angle in np.linspace(-4, 4, 50):
        step = 2 * np.array([np.cos(angle), np.sin(angle)])
        a, b = np.array([[5, 7, 2, 3, angle]]), np.array([[5 + step[0], 7 + step[1], 2, 3, angle]])
        assert roiops.box_iou_rotated(a, b)[0, 0] == 0
        assert roiops.box_iou_rotated(a, a)[0, 0] == 1


def test_inclusive_suppresses_at_the_threshold():
    boxes = np.array([[0, 0, 2, 2, 0], [0, 0, 2, 1, 0]], np.float32)  # their IoU is a half
    scores = np.array([0.9, 0.8], np.float32)
    assert roiops.nms_rotated(boxes, scores, 0.5).tolist() == [0, 1]
    assert roiops.nms_rotated(boxes, scores, 0.5, inclusive=True).tolist() == [0]


def test_equal_scores_keep_the_order_of_boxes():
    boxes = np.array([[i * 0.1, 0, 2, 2, 0.1] for i in range(40)], np.float32)
    assert roiops.nms_rotated(boxes, np.full(40, 0.5, np.float32), 0.6)[0] == 0


def test_scores_must_exceed_the_threshold():
    boxes = np.array([[9 * i, 0, 2, 2, 0] for i in range(3)], np.float32)
    assert roiops.nms_rotated(boxes, np.array([0.25, 0.5, 0.75], np.float32), 0.5, 0.5).tolist() == [2]


def test_nan_scores_are_dropped():
    boxes = np.zeros((2, 5), np.float32)
    assert roiops.nms_rotated(boxes, np.array([np.nan, 0.1], np.float32), 0.5).tolist() == [1]


def test_boxes_that_are_not_finite_stand_alone():
    boxes = np.array(
        [[np.nan, 0, 2, 2, 0], [0, 0, 2, 2, 0], [0, np.inf, 2, 2, 0], [0, 0, 2, 2, 0.01]], np.float32
    )
    scores = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    for inclusive, threshold in ((False, 0.5), (True, 0.0)):
        assert roiops.nms_rotated(boxes, scores, threshold, inclusive=inclusive).tolist() == [0, 1, 2]


def test_fast_suppression_counts_suppressed_boxes():
    # Each overlaps its neighbour alone.
    boxes = np.array([[i, 0, 2, 2, 0] for i in range(3)], np.float32)
    scores = np.array([0.9, 0.8, 0.7], np.float32)
    assert roiops.nms_rotated(boxes, scores, 0.3).tolist() == [0, 2]
    assert roiops.nms_rotated(boxes, scores, 0.3, suppression="fast").tolist() == [0]


def test_gaussian_overlap_is_probiou():
    # Equal shapes, apart by d along a side w: the distance is d² * 12 / (8 * w²).
    boxes = np.array([[0, 0, 6, 2, 0], [3, 0, 6, 2, 0]], np.float64)
    iou = 1 - np.sqrt(1 - np.exp(-(3**2) * 12 / (8 * 36)))
    scores = np.array([[[0.9, 0.8]]])
    for threshold, kept in ((iou - 1e-3, 1), (iou + 1e-3, 2)):
        node = export.make_nms_rotated_node(
            "boxes", "scores", "selected", iou_threshold=threshold, iou="gaussian"
        )
        double = TensorProto.DOUBLE
        model = one_node_model(
            [node],
            [("boxes", double, [1, 2, 5]), ("scores", double, [1, 1, 2])],
            [("selected", TensorProto.INT64, [None, 3])],
        )
        assert len(run(model, {"boxes": boxes[None], "scores": scores})) == kept
