"""The float64 oracle beyond the table of rules: other forms of a call, and ONNX Runtime's own operator."""

from __future__ import annotations

import numpy as np
import pytest
from support import boxes_of_sides, builtin

from roiops import reference


@pytest.mark.parametrize("mode", ["avg", "max_corners"])
@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("ratio", [0, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_agrees_with_the_builtin_operator(dtype, ratio, aligned, mode):
    rng = np.random.default_rng(7)
    x = rng.standard_normal((3, 4, 14, 19)).astype(dtype)
    boxes = boxes_of_sides(rng, 12, 28, 38).astype(dtype)
    indices = rng.integers(0, 3, 12)
    expected = builtin(x, boxes, indices, (3, 5), 0.5, ratio, aligned, mode.split("_")[0])
    y = reference.roi_align(
        x, boxes, indices, (3, 5), 0.5, ratio, aligned, mode=mode, batch_format="batch_indices"
    )
    np.testing.assert_allclose(y, expected, atol=3e-5 if dtype == np.float32 else 1e-12)


def test_boxes_num_and_batch_indices_say_the_same():
    rng = np.random.default_rng(1)
    x, boxes = rng.standard_normal((3, 2, 8, 8)), boxes_of_sides(rng, 5, 8, 8)
    np.testing.assert_array_equal(
        reference.roi_align(x, boxes, [3, 0, 2], 2),
        reference.roi_align(x, boxes, [0, 0, 0, 2, 2], 2, batch_format="batch_indices"),
    )


def test_number_of_samples_is_decided_in_the_arithmetic_of_the_boxes():
    # Between these float32 numbers lie 1.0000000224 pixels, in float32 one: one sample instead of two.
    x = np.random.default_rng(0).standard_normal((1, 1, 8, 8)).astype(np.float32)
    box = np.array([[0.1, 0.1, 1.1, 1.1]], np.float32)
    for dtype, samples in [(np.float32, 1), (np.float64, 2)]:
        adaptive = reference.roi_align(x.astype(dtype), box, [1], 1)
        fixed = reference.roi_align(x.astype(dtype), box, [1], 1, sampling_ratio=samples)
        np.testing.assert_array_equal(adaptive, fixed)


@pytest.mark.parametrize("side", [1e6, 1e9, 1e20, 1e38])
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_a_huge_adaptive_box_costs_no_more_than_the_map(side, mode):
    x = np.ones((1, 1, 6, 6), np.float32)
    y = reference.roi_align(x, [[-side, -side, side, side]], [1], 3, mode=mode)
    assert np.isfinite(y).all() and abs(y).max() <= 1.0
    assert y[0, 0, 0, 0] == 0.0


def test_dense_sampling_is_summed_in_parts():
    x = np.ones((1, 8, 6, 6), np.float32)
    y = reference.roi_align(x, [[1, 1, 5, 5]], [1], 1, sampling_ratio=1000)
    np.testing.assert_allclose(y, 1.0, rtol=1e-12)


def test_multiscale_takes_each_box_from_its_level():
    rng = np.random.default_rng(3)
    xs = [rng.standard_normal((2, 3, side, side)) for side in (16, 8, 4)]
    scales, boxes = (1.0, 0.5, 0.25), boxes_of_sides(rng, 7, 16, 16)
    levels, images = np.array([2, 0, 1, 0, 2, 2, 0]), np.repeat([0, 1], [3, 4])
    y = reference.multiscale_roi_align(xs, boxes, [3, 4], levels, (2, 3), scales, 2, False, mode="max")
    for k, level in enumerate(levels):
        single = reference.roi_align(
            xs[level],
            boxes[k : k + 1],
            images[k : k + 1],
            (2, 3),
            scales[level],
            2,
            False,
            mode="max",
            batch_format="batch_indices",
        )
        np.testing.assert_array_equal(y[k], single[0])
