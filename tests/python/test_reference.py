"""The float64 oracle against values worked out by hand and against ONNX Runtime's own operator."""

from __future__ import annotations

import numpy as np
import pytest
from support import boxes_of_sides, builtin

from roiops import reference


def ramp(height: int, width: int) -> np.ndarray:
    """Pixel (i, j) holds 100 * i + j, so a bilinear sample at (y, x) is 100 * y + x."""
    return (100.0 * np.arange(height)[:, None] + np.arange(width))[None, None].astype(np.float32)


@pytest.mark.parametrize("ratio", [-1, 1, 2, 5])
@pytest.mark.parametrize("aligned", [True, False])
def test_a_bin_of_a_ramp_is_the_value_at_its_centre(ratio, aligned):
    x1, y1, x2, y2 = 2.5, 3.0, 9.25, 12.0
    y = reference.roi_align(ramp(16, 12), [[x1, y1, x2, y2]], [1], (3, 2), 1.0, ratio, aligned)
    shift = 0.5 if aligned else 0.0
    rows = y1 - shift + (y2 - y1) / 3 * (np.arange(3) + 0.5)
    columns = x1 - shift + (x2 - x1) / 2 * (np.arange(2) + 0.5)
    np.testing.assert_allclose(y[0, 0], 100 * rows[:, None] + columns, rtol=1e-13)


def test_spatial_scale_moves_boxes_to_feature_pixels():
    box = np.array([[8.0, 8.0, 24.0, 40.0]])
    whole = reference.roi_align(ramp(16, 16), box / 4, [1], 2)
    np.testing.assert_array_equal(reference.roi_align(ramp(16, 16), box, [1], 2, 0.25), whole)


def test_adaptive_sampling_takes_one_sample_per_pixel_of_the_bin_rounded_up():
    x = np.zeros((1, 1, 1, 9), np.float32)
    x[..., 4] = 1.0
    y = reference.roi_align(x, [[0.5, 0, 8.0, 1]], [1], (1, 3))
    samples = 2.5 + (np.arange(3) + 0.5) * 2.5 / 3  # bin 1 of 2.5 pixels
    np.testing.assert_allclose(y[0, 0, 0, 1], np.maximum(0, 1 - abs(samples - 4)).mean(), rtol=1e-13)


def test_samples_up_to_one_pixel_outside_take_the_border_and_further_ones_are_zero():
    x = np.full((1, 1, 4, 4), 8.0, np.float32)
    # One sample per bin at x = -1.5, -1 (still inside), 4 (still inside), 4.5.
    for centre, expected in [(-1.5, 0.0), (-1.0, 8.0), (4.0, 8.0), (4.5, 0.0)]:
        box = [[centre - 0.5 + 0.5, 1.0, centre + 0.5 + 0.5, 2.0]]
        assert reference.roi_align(x, box, [1], 1, sampling_ratio=1)[0, 0, 0, 0] == expected, centre


def test_outside_samples_still_count_in_the_mean():
    x = np.full((1, 1, 4, 4), 8.0, np.float32)
    y = reference.roi_align(x, [[-3.5, 0.5, 4.5, 4.5]], [1], 1, sampling_ratio=4)
    assert y[0, 0, 0, 0] == 8.0 * 3 / 4  # of the samples at x = -3, -1, 1, 3 the first is outside


@pytest.mark.parametrize(
    ("box", "ratio", "aligned", "expected"),
    [
        ([3.0, 2.0, 3.0, 2.0], -1, True, 0.0),  # zero size, adaptive: no samples
        ([3.0, 2.0, 3.0, 2.0], 2, True, 100 * 1.5 + 2.5),  # zero size: point samples
        ([3.0, 2.0, 3.0, 2.0], -1, False, 100 * 2.5 + 3.5),  # not aligned: at least one pixel
        ([6.0, 6.0, 2.0, 3.0], -1, True, 0.0),  # inverted, adaptive: no samples
        ([6.0, 6.0, 2.0, 3.0], 2, True, 100 * 4.0 + 3.5),  # inverted: mirrored samples
        ([6.0, 6.0, 2.0, 3.0], 2, False, 100 * 6.5 + 6.5),  # inverted, not aligned: one pixel
        ([40.0, 40.0, 50.0, 50.0], 2, True, 0.0),  # outside
        ([3e38, -3e38, 3e38, 3e38], -1, True, 0.0),  # sizes that overflow float32
    ],
)
def test_degenerate_boxes(box, ratio, aligned, expected):
    y = reference.roi_align(ramp(12, 12), [box], [1], 1, 1.0, ratio, aligned)
    assert y[0, 0, 0, 0] == pytest.approx(expected)


def test_max_is_taken_over_interpolated_samples():
    x = np.full((1, 1, 4, 4), 10.0, np.float32)
    box = [[1.5, 1.5, 2.5, 2.5]]  # one sample, in the middle of four pixels
    assert reference.roi_align(x, box, [1], 1, sampling_ratio=1, mode="max")[0, 0, 0, 0] == 10.0
    assert reference.roi_align(x, box, [1], 1, sampling_ratio=1, mode="max_corners")[0, 0, 0, 0] == 2.5


def test_outside_samples_are_zeros_in_the_maximum():
    x = np.full((1, 1, 4, 4), -3.0, np.float32)
    inside = reference.roi_align(x, [[1, 1, 3, 3]], [1], 1, sampling_ratio=2, mode="max")
    partly = reference.roi_align(x, [[-9, 1, 3, 3]], [1], 1, sampling_ratio=2, mode="max")
    assert (inside.item(), partly.item()) == (-3.0, 0.0)


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


def test_dense_sampling_is_summed_in_chunks():
    x = np.ones((1, 8, 6, 6), np.float32)
    y = reference.roi_align(x, [[1, 1, 5, 5]], [1], 1, sampling_ratio=1000)
    np.testing.assert_allclose(y, 1.0, rtol=1e-12)


def test_empty_maps_give_zeros_and_no_boxes_give_nothing():
    assert not reference.roi_align(np.ones((1, 2, 0, 5)), [[0, 0, 2, 2]], [1], 2).any()
    assert reference.roi_align(np.ones((1, 2, 4, 5)), np.empty((0, 4)), [0], 2).shape == (0, 2, 2, 2)
    assert reference.roi_align(np.ones((1, 0, 4, 5)), [[0, 0, 2, 2]], [1], 2).shape == (1, 0, 2, 2)


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
