"""One test for each row of docs/semantics.md, with values worked out by hand wherever that is possible."""

from __future__ import annotations

import time

import numpy as np
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
from support import TYPES, builtin, run

from roiops import export, reference

SIDE = 12
# Pixel (i, j) holds 100 * i + j, so a sample at (y, x) that needs no clamping is 100 * y + x.
RAMP = (100.0 * np.arange(SIDE)[:, None] + np.arange(SIDE))[None, None].astype(np.float32)
FLAT = np.full((1, 1, SIDE, SIDE), 8.0, np.float32)
# One row with a single bright pixel, column 6.
PIXEL = np.zeros((1, 1, 1, SIDE), np.float32)
PIXEL[..., 6] = 1.0
SECONDS = 5  # a loop over the samples of the boxes that this bounds would take minutes or years


def pool(x, boxes, batch=None, output_size=1, batch_format="boxes_num", **attributes) -> np.ndarray:
    """Run roiops::RoiAlign, by default with all boxes on the first image, the only one."""
    boxes = np.asarray(boxes, x.dtype if x.dtype == np.float64 else np.float32).reshape(-1, 4)
    batch = np.array([len(boxes)] if batch is None else batch, np.int64)
    model = export.make_roi_align_model(
        output_size=output_size, batch_format=batch_format, x_type=TYPES[x.dtype.name], **attributes
    )
    return run(model, {"X": x, "boxes": boxes, "batch": batch})


def value(box, x=RAMP, **attributes) -> float:
    """The only bin of one box on a map of one channel."""
    return float(pool(x, [box], **attributes)[0, 0, 0, 0])


def ulps(number: float, steps: int) -> np.float32:
    """The float32 that many steps away from a number."""
    number = np.float32(number)
    for _ in range(abs(steps)):
        number = np.nextafter(number, np.float32(np.copysign(np.inf, steps)))
    return number


# Coordinates


def test_boxes_are_scaled_to_the_map_by_the_float32_attribute():
    assert value([16, 32, 80, 112], spatial_scale=1 / 16) == pytest.approx(100 * 4.0 + 2.5)
    wide = np.arange(100_002.0)[None, None, None]
    position = value([1e6, 0, 1e6, 10], wide, spatial_scale=0.1, sampling_ratio=1)
    assert position == pytest.approx(1e6 * float(np.float32(0.1)) - 0.5, rel=1e-14)
    assert abs(position - (1e6 * 0.1 - 0.5)) > 1e-3


def test_aligned_shifts_by_half_a_pixel():
    assert value([2, 3, 6, 7], aligned=True) == pytest.approx(100 * 4.5 + 3.5)
    assert value([2, 3, 6, 7], aligned=False) == pytest.approx(100 * 5 + 4)


def test_boxes_that_are_not_aligned_are_at_least_one_pixel():
    assert value([3, 2, 3.2, 2.5], aligned=False) == pytest.approx(100 * 2.5 + 3.5)


def test_aligned_boxes_stay_small():
    assert value([3, 2, 3.5, 2.25], aligned=True) == pytest.approx(100 * 1.625 + 2.75)


def test_bins_divide_the_box_evenly():
    bins = pool(RAMP, [[1, 2, 10, 8]], output_size=(2, 3), aligned=False, sampling_ratio=2)[0, 0]
    np.testing.assert_allclose(bins, 100 * np.array([[3.5], [6.5]]) + [2.5, 5.5, 8.5], rtol=1e-6)


# Samples


def test_sampling_ratio_is_the_number_of_samples_per_axis():
    box = [0, 0, 12, 1]
    assert value(box, PIXEL, aligned=False, sampling_ratio=3) == pytest.approx(1 / 3)  # at 2, 6, 10
    assert value(box, PIXEL, aligned=False, sampling_ratio=4) == 0  # at 1.5, 4.5, 7.5, 10.5


@pytest.mark.parametrize("ratio", [0, -1, -(2**63)])
def test_adaptive_sampling_takes_the_size_of_the_bin_rounded_up_on_each_axis(ratio):
    # 2.5 pixels wide and one high: three samples of one row, at 4.42, 5.25 and 6.08.
    found = value([4, 0, 6.5, 1], PIXEL, aligned=False, sampling_ratio=ratio)
    assert found == pytest.approx((0.25 + 11 / 12) / 3)


def test_samples_lie_in_the_middle_of_their_share_of_the_bin():
    # At 4.25 and 6.75; the bright pixel is 0.75 from the second.
    assert value([3, 0, 8, 1], PIXEL, aligned=False, sampling_ratio=2) == pytest.approx(0.25 / 2)


@pytest.mark.parametrize("axis", ["x", "y"])
def test_samples_at_exactly_minus_one_and_at_the_extent_are_inside(axis):
    def at(position):  # of the only sample, as the operator computes it: start + 0.5
        start = position - np.float32(0.5)
        box = [start, 3, start, 3] if axis == "x" else [3, start, 3, start]
        return value(box, FLAT, aligned=False, sampling_ratio=1)

    assert at(np.float32(-1)) == 8
    assert at(ulps(-1, -1)) == 0
    assert at(np.float32(SIDE)) == 8
    assert at(ulps(SIDE, 1)) == 0


def test_positions_beyond_the_outermost_pixels_take_their_value():
    assert value([-1.2, 5, -0.2, 6], aligned=False, sampling_ratio=1) == pytest.approx(550)  # x = -0.7
    assert value([11.1, 5, 12.1, 6], aligned=False, sampling_ratio=1) == pytest.approx(561)  # x = 11.6


def test_samples_outside_are_zero_and_still_counted():
    # Samples at x = -3, -1, 1 and 3.
    assert value([-3.5, 0.5, 4.5, 4.5], FLAT, sampling_ratio=4) == 8 * 3 / 4


def test_max_is_the_largest_interpolated_sample():
    assert value([1.5, 1.5, 2.5, 2.5], FLAT, sampling_ratio=1, mode="max") == 8
    assert value([2, 2, 6, 6], aligned=False, sampling_ratio=2, mode="max") == 505


def test_max_counts_samples_outside_as_zero():
    assert value([-3.5, 0.5, 4.5, 4.5], -FLAT, sampling_ratio=4, mode="max") == 0
    assert value([1.5, 0.5, 4.5, 4.5], -FLAT, sampling_ratio=4, mode="max") == -8


@pytest.mark.parametrize("place", range(4))
def test_max_over_nan_is_nan(place):
    row = np.array([9, 3, 1, 2], np.float32)
    row[place] = np.nan
    assert np.isnan(value([0, 0, 4, 1], row[None, None, None], sampling_ratio=4, mode="max"))


# Unusual boxes


def test_zero_size_adaptive_is_zero():
    assert value([3, 2, 3, 2]) == 0
    assert value([3, 2, 3, 2], mode="max") == 0


def test_zero_size_with_a_ratio_samples_a_point():
    assert value([3, 2, 3, 2], sampling_ratio=2) == pytest.approx(100 * 1.5 + 2.5)


def test_zero_size_not_aligned_is_one_pixel():
    assert value([3, 2, 3, 2], aligned=False) == pytest.approx(100 * 2.5 + 3.5)


@pytest.mark.parametrize("box", [[6, 6, 2, 3], [6, 3, 2, 6], [2, 6, 6, 3]])
def test_inverted_adaptive_is_zero(box):
    assert value(box) == 0


def test_inverted_with_a_ratio_is_mirrored():
    upright = pool(RAMP, [[2, 3, 8, 9]], output_size=3, sampling_ratio=2)
    inverted = pool(RAMP, [[8, 9, 2, 3]], output_size=3, sampling_ratio=2)
    np.testing.assert_allclose(inverted, upright[..., ::-1, ::-1], rtol=1e-6)


def test_inverted_not_aligned_is_one_pixel():
    assert value([6, 6, 2, 3], aligned=False) == pytest.approx(100 * 6.5 + 6.5)


def test_tiny_boxes_have_one_sample():
    assert value([4, 4, 4.001, 4.001]) == pytest.approx(100 * 3.5005 + 3.5005)


@pytest.mark.parametrize("mode", ["avg", "max"])
def test_boxes_outside_the_map_are_zero(mode):
    outside = [[20, 2, 25, 6], [2, 20, 6, 25], [-9, 2, -4, 6], [2, -9, 6, -4]]
    assert not pool(FLAT, outside, mode=mode).any()


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("size", [1e6, 1e9, 1e30])
def test_huge_adaptive_boxes_cost_no_more_than_the_map(size, mode):
    boxes = np.array([[2, 2, size, 8], [-size, 2, size, 9], [-size, -size, size, size]], np.float32)
    start = time.monotonic()
    found = pool(RAMP, boxes, output_size=(2, 3), mode=mode)
    assert time.monotonic() - start < SECONDS
    expected = reference.roi_align(RAMP, boxes, [3], (2, 3), mode=mode)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("ratio", [2**31, 2**62])
def test_absurd_sampling_ratios_cost_no_more_than_the_map(ratio):
    start = time.monotonic()
    mean = value([2, 3, 9, 10], sampling_ratio=ratio)
    largest = value([2, 3, 9, 10], sampling_ratio=ratio, mode="max")
    assert time.monotonic() - start < SECONDS
    assert mean == pytest.approx(100 * 6 + 5)
    assert largest == pytest.approx(100 * 9.5 + 8.5)


@pytest.mark.parametrize("ratio", [-1, 2])
@pytest.mark.parametrize("aligned", [True, False])
def test_sizes_that_overflow_float32_give_zero(aligned, ratio):
    boxes = [[-3e38, 2, 3e38, 8], [2, -3e38, 8, 3e38], [3e38, 3e38, 3e38, 3e38]]
    assert not pool(FLAT, boxes, spatial_scale=2.0, aligned=aligned, sampling_ratio=ratio).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_coordinates_that_are_not_finite_are_an_error(dtype, bad):
    with pytest.raises(InvalidArgument, match=r"'boxes': box 1 is \(0, .*\); coordinates must be finite"):
        pool(FLAT.astype(dtype), [[0, 0, 4, 4], [0, 0, bad, 4]])


# Inputs


@pytest.mark.parametrize("shape", [(1, 3, 5, 5), (2, 0, 5, 5), (0, 3, 5, 5)])
def test_without_boxes_channels_or_images_the_output_is_empty(shape):
    count = 4 if shape[1] == 0 else 0
    batch = np.zeros(shape[0], np.int64)
    batch[:1] = count
    boxes = np.tile(np.float32([0, 0, 2, 2]), (count, 1))
    assert pool(np.ones(shape, np.float32), boxes, batch, output_size=2).shape == (count, shape[1], 2, 2)


@pytest.mark.parametrize("shape", [(1, 3, 0, 5), (1, 3, 5, 0)])
def test_a_map_without_pixels_gives_zero(shape):
    y = pool(np.ones(shape, np.float32), [[0, 0, 2, 2]], output_size=2)
    np.testing.assert_array_equal(y, np.zeros((1, 3, 2, 2)))


def test_boxes_num_counts_the_boxes_of_each_image():
    x = np.arange(3.0, dtype=np.float32)[:, None, None, None] * np.ones((3, 1, 4, 4), np.float32)
    boxes = np.tile(np.float32([0, 0, 4, 4]), (5, 1))
    assert pool(x, boxes, [2, 0, 3]).ravel().tolist() == [0, 0, 2, 2, 2]


def test_batch_indices_name_the_image_of_each_box_in_any_order():
    x = np.arange(3.0, dtype=np.float32)[:, None, None, None] * np.ones((3, 1, 4, 4), np.float32)
    boxes = np.tile(np.float32([0, 0, 4, 4]), (4, 1))
    assert pool(x, boxes, [2, 0, 1, 0], batch_format="batch_indices").ravel().tolist() == [2, 0, 1, 0]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([1, 2], r"counts name more than the 2 boxes"),
        ([1, 0], r"the counts sum to 1; they must sum to the number of boxes, 2"),
        ([3, -1], r"counts name more|counts must not be negative"),
        ([-1, 3], r"element 0 is -1; counts must not be negative"),
        ([2], r"has shape \(1\); it must be \(2\), the number of images"),
    ],
)
def test_counts_that_do_not_fit_the_boxes_are_an_error(counts, message):
    with pytest.raises(InvalidArgument, match=message):
        pool(np.ones((2, 1, 4, 4), np.float32), np.zeros((2, 4)), counts)


@pytest.mark.parametrize("index", [-1, 2, 2**40])
def test_batch_indices_out_of_range_are_an_error(index):
    with pytest.raises(InvalidArgument, match=rf"'batch': element 1 is {index}; it must be an index of one"):
        pool(np.ones((2, 1, 4, 4), np.float32), np.zeros((2, 4)), [0, index], batch_format="batch_indices")


# Arithmetic


def test_boxes_of_16_bit_features_may_be_float32():
    x = (np.arange(4096) % 2).astype(np.float16)[None, None, None]
    # At 2049.25, between an odd and an even pixel. In float16 the box would be at 2050.
    assert value([2049.75, 0, 2049.75, 1], x, sampling_ratio=1) == 0.75


def test_16_bit_features_are_summed_in_float32():
    x = np.full((1, 1, 4, 4), 60000, np.float16)  # two of them are beyond float16
    assert value([0.5, 0.5, 3.5, 3.5], x, sampling_ratio=3) == 60000


def test_the_decisions_of_float64_features_are_taken_in_float64():
    # A bin of 3 + 1e-12 pixels has four samples, at 4.375, 5.125, 5.875 and 6.625.
    box = [4, 0, 7 + 1e-12, 1]
    assert value(box, PIXEL.astype(np.float64), aligned=False) == pytest.approx(1.375 / 4, abs=1e-9)
    assert value(box, PIXEL, aligned=False) == pytest.approx(1 / 3)


def boxes_near_decisions(scale: float, bins: int, aligned: bool) -> np.ndarray:
    """Boxes whose bins are a rounding error from an integer size, or samples from a border of the map."""
    offset = 0.5 if aligned else 0.0
    boxes = []
    for start in np.random.default_rng(7).uniform(-4, 4, 30):
        for pixels in (1, 2, 3):
            ends = [ulps((start + pixels * bins) / scale, steps) for steps in (-2, -1, 0, 1, 2)]
            boxes += [[start / scale, 1 / scale, end, 7 / scale] for end in ends]
    for border in (-1, SIDE):
        for size in np.random.default_rng(8).uniform(1, 9, 30):
            start = (border - size / bins / 2 + offset) / scale  # the first bin's middle is the border
            boxes += [
                [ulps(start, steps), 1 / scale, start + size / scale, 7 / scale] for steps in (-2, 0, 2)
            ]
    return np.array(boxes, np.float32)


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("ratio", [0, 1])
@pytest.mark.parametrize("scale", [1.0, 0.1, 1 / 16])
def test_float32_decisions_are_those_of_the_built_in_operator(scale, ratio, aligned):
    x = np.random.default_rng(3).uniform(1, 2, (1, 4, SIDE, SIDE)).astype(np.float32)
    boxes = boxes_near_decisions(scale, 3, aligned)
    attributes = {"spatial_scale": scale, "sampling_ratio": ratio, "aligned": aligned}
    found = pool(x, boxes, output_size=3, **attributes)
    expected = builtin(x, boxes, np.zeros(len(boxes)), (3, 3), scale, ratio, aligned)
    np.testing.assert_allclose(found, expected, rtol=0, atol=4e-5)


def test_decisions_in_float64_would_differ_from_the_built_in_operator():
    """The boxes of the test before it are hard enough to tell the two apart."""
    x = np.random.default_rng(3).uniform(1, 2, (1, 4, SIDE, SIDE))
    boxes = boxes_near_decisions(0.1, 3, True)
    fine = pool(x, boxes, output_size=3, spatial_scale=0.1)
    expected = builtin(x.astype(np.float32), boxes, np.zeros(len(boxes)), (3, 3), 0.1)
    assert (abs(fine - expected).max(axis=(1, 2, 3)) > 1e-3).sum() > 10
