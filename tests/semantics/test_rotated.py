"""The rules of docs/rotated.md that are no table of values."""

from __future__ import annotations

import numpy as np
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
from semantics.cases import FLAT, RAMP
from support import run

import roiops
from roiops import export


def pool(box, x=RAMP, output_size=1, **attributes):
    box = np.array([[0, *box]], np.float32)
    return roiops.roi_align_rotated(x, box, output_size, **attributes)[0, 0]


def test_without_an_angle_it_is_roi_align():
    x = np.random.default_rng(0).standard_normal((1, 5, 30, 40)).astype(np.float32)
    rotated = roiops.roi_align_rotated(x, [[0, 14, 12, 20, 10, 0]], 7)
    straight = roiops.roi_align(x, [[0, 4, 7, 24, 17]], None, 7)
    np.testing.assert_allclose(rotated, straight, atol=1e-5)


@pytest.mark.parametrize("side", [1e6, 1e12, 1e30])
def test_huge_adaptive_boxes_cost_no_more_than_the_map(side):
    for mode in ("avg", "max"):  # a loop over the samples would take minutes or years
        result = pool([5, 5, side, side * 1.1, 0.3], output_size=7, mode=mode)
        assert np.isfinite(result).all()


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


def test_touching_boxes_share_nothing_and_equal_ones_all():
    for angle in np.linspace(-4, 4, 50):
        step = 2 * np.array([np.cos(angle), np.sin(angle)])
        a, b = np.array([[5, 7, 2, 3, angle]]), np.array([[5 + step[0], 7 + step[1], 2, 3, angle]])
        assert roiops.box_iou_rotated(a, b)[0, 0] == 0
        assert roiops.box_iou_rotated(a, a)[0, 0] == 1
