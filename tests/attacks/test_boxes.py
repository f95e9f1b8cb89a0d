"""Boxes that are not finite, huge, tiny or inside out: an error naming the box, or the reference's result.

Among them all cases in which an implementation of RoIAlign in use was seen to crash, hang or abort.
"""

from __future__ import annotations

import numpy as np
import pytest
from attacks.hostile import INPUTS, OPERATORS, RUN, X, assert_refused, inputs, model, run, session

from roiops import reference

NAN, INF = float("nan"), float("inf")
F32_MAX = float(np.finfo(np.float32).max)
TINY = float(np.float32(1e-45))

NOT_FINITE = {
    "one NaN": [4, 4, NAN, 40],
    "all NaN": [NAN] * 4,
    "all infinite": [-INF, -INF, INF, INF],
    "infinite end": [4, 4, INF, INF],
    "infinite start": [-INF, 4, 4, 4],
}
FINITE = {
    "inside": [4, 4, 60, 50],
    "partly outside": [-30, -20, 50, 40],
    "outside": [500, 500, 600, 600],
    "far outside": [-1e30, -1e30, -1e29, -1e29],
    "zero size": [20, 20, 20, 20],
    "zero size on the edge": [96, 80, 96, 80],
    "inverted": [60, 50, 4, 4],
    "inverted columns": [60, 4, 4, 50],
    "inverted, huge": [1e30, 1e30, -1e30, -1e30],
    "edge": [-2, -2, 94, 78],
    "denormal": [0, 0, TINY, TINY],
    "denormal, inverted": [TINY, TINY, -TINY, -TINY],
    "nearly the largest number": [-F32_MAX, -F32_MAX, F32_MAX, F32_MAX],
    "at the largest number": [F32_MAX] * 4,
    "wide and flat": [-1e6, 40, 1e6, 40.5],
    **{f"{size:g} pixels": [-size, -size, size, size] for size in (1e4, 1e6, 1e9, 1e12, 1e20, 1e30)},
}
FEATURES = np.linspace(-1, 1, 2 * 16 * 20 * 24, dtype=np.float32).reshape(2, 16, 20, 24)
BOX_INPUTS = {"RoiAlign": "boxes", "MultiScaleRoiAlign": "boxes", "standard RoiAlign": "rois"}


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("row", [0, 1, 2])
@pytest.mark.parametrize("name", NOT_FINITE)
def test_not_finite(operator, name, row):
    boxes = np.array([[0, 0, 4, 4]] * 3, np.float32)
    boxes[row] = NOT_FINITE[name]
    feeds = inputs(operator, **{BOX_INPUTS[operator]: boxes})
    assert_refused(
        RUN,
        f"input '{BOX_INPUTS[operator]}'",
        lambda: run(operator, feeds),
        f"box {row} is (",
        "must be finite",
    )


def pooled(box: list[float], dtype: type, **attributes) -> np.ndarray:
    feeds = {"X": FEATURES.astype(dtype), "boxes": np.array([box], dtype), "batch": np.array([0, 1])}
    return run("RoiAlign", feeds, output_height=3, output_width=3, spatial_scale=0.25, **attributes)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("ratio", [2, -1])
@pytest.mark.parametrize("aligned", [1, 0])
@pytest.mark.parametrize("name", FINITE)
def test_finite(name, aligned, ratio, mode):
    for dtype, tolerance in ((np.float32, 1e-5), (np.float64, 1e-9)):
        box = np.array([FINITE[name]], dtype)
        expected = reference.roi_align(
            FEATURES.astype(dtype), box, np.array([0, 1]), 3, 0.25, ratio, bool(aligned), mode=mode
        )
        found = pooled(FINITE[name], dtype, aligned=aligned, sampling_ratio=ratio, mode=mode)
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("ratio", [0, 2])
def test_all_finite_boxes_in_one_run(operator, ratio):
    boxes = np.array(list(FINITE.values()), np.float32)
    images, levels = np.arange(len(boxes)) % 2, np.arange(len(boxes)) // 2 % 2
    feeds = inputs(operator, **{BOX_INPUTS[operator]: boxes})
    by_index = {"sampling_ratio": ratio, "batch_format": "batch_indices"}
    if operator == "MultiScaleRoiAlign":
        feeds.update(batch=images, levels=levels)
        maps = [feeds["X_0"], feeds["X_1"]]
        expected = reference.multiscale_roi_align(maps, boxes, images, levels, (2, 3), [1.0, 0.5], **by_index)
    else:
        feeds["batch_indices" if operator == "standard RoiAlign" else "batch"] = images
        expected = reference.roi_align(X, boxes, images, (2, 3), **by_index)
    if operator == "standard RoiAlign":
        del by_index["batch_format"]  # it knows no other
    np.testing.assert_allclose(run(operator, feeds, **by_index), expected, rtol=0, atol=1e-5)


def test_coordinates_that_overflow_when_scaled():
    box = np.array([[-F32_MAX, -F32_MAX, F32_MAX, F32_MAX]], np.float32)
    for ratio in (-1, 2):
        for aligned in (0, 1):
            feeds = {"X": X, "boxes": box, "batch": np.array([1, 0])}
            y = run("RoiAlign", feeds, spatial_scale=1e30, sampling_ratio=ratio, aligned=aligned)
            assert np.isfinite(y).all()


def test_float64_boxes_beyond_float32():
    for size in (1e39, 1e200, 1.7e308):
        y = pooled([-size, -size, size, size], np.float64, sampling_ratio=2)
        assert np.isfinite(y).all()


def test_thousands_of_huge_boxes_take_bounded_time():
    boxes = np.tile(np.array([[-1e9, -1e9, 1e9, 1e9]], np.float32), (5000, 1))
    y = run("RoiAlign", {"X": X, "boxes": boxes, "batch": np.array([2500, 2500])}, sampling_ratio=-1)
    assert y.shape[0] == 5000
    np.testing.assert_array_equal(y[:2500], np.broadcast_to(y[:1], y[:2500].shape))


def test_a_session_still_works_after_an_error():
    pooler = session(model("RoiAlign"))
    before = pooler.run(None, INPUTS["RoiAlign"])[0]
    with pytest.raises(RUN):
        pooler.run(None, inputs("RoiAlign", boxes=INPUTS["RoiAlign"]["boxes"] * np.float32(np.nan)))
    np.testing.assert_array_equal(pooler.run(None, INPUTS["RoiAlign"])[0], before)
