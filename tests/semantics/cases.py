"""The rules of RoIAlign in docs/semantics.md: inputs, attributes and values worked out from the definition.

NumPy only. The other operators' are beside it; table.py has all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

SIDE = 12
# Pixel (i, j) holds 100 * i + j, so a sample at (y, x) that needs no clamping is 100 * y + x.
RAMP = (100.0 * np.arange(SIDE)[:, None] + np.arange(SIDE))[None, None].astype(np.float32)
FLAT = np.full((1, 1, SIDE, SIDE), 8.0, np.float32)
# One row with a single bright pixel, column 6.
PIXEL = np.zeros((1, 1, 1, SIDE), np.float32)
PIXEL[..., 6] = 1.0
# Each image is filled with its index.
IMAGES = np.broadcast_to(np.arange(3, dtype=np.float32)[:, None, None, None], (3, 1, 4, 4)).copy()
# Sums in float32 (float64), then one rounding to the type; relative to the largest feature.
TOLERANCES = {"float32": 2e-6, "float64": 1e-12, "float16": 6e-4}


@dataclass(frozen=True, eq=False)
class Case:
    """A call and its result; ``max_corners`` is the maximum of the standard operator."""

    rule: str
    x: np.ndarray
    boxes: np.ndarray
    expected: np.ndarray
    batch: np.ndarray
    batch_format: str = "boxes_num"
    output_size: tuple[int, int] = (1, 1)
    spatial_scale: float = 1.0
    sampling_ratio: int = -1
    aligned: bool = True
    mode: str = "avg"

    operator = "RoiAlign"

    @property
    def inputs(self) -> dict[str, np.ndarray]:
        """The inputs by their names in a model."""
        return {"X": self.x, "boxes": self.boxes, "batch": self.batch}

    @property
    def arguments(self) -> dict[str, Any]:
        """The attributes by their names in Python."""
        names = ("output_size", "spatial_scale", "sampling_ratio", "aligned", "mode", "batch_format")
        return {name: getattr(self, name) for name in names}

    @property
    def indices(self) -> np.ndarray:
        """The image of each box."""
        if self.batch_format == "batch_indices":
            return self.batch
        return np.repeat(np.arange(len(self.batch)), self.batch)

    def check(self, y: np.ndarray) -> None:
        """Compare a result with what the definition gives."""
        assert y.shape == self.expected.shape
        assert y.dtype == self.x.dtype
        largest = np.nanmax(np.abs(self.x.astype(np.float64)), initial=0)
        np.testing.assert_allclose(
            y.astype(np.float64), self.expected, rtol=0, atol=TOLERANCES[self.x.dtype.name] * largest
        )


def case(rule, boxes, expected, x=RAMP, batch=None, output_size=(1, 1), **how) -> Case:
    """A case, by default with all boxes on the first image; the expected values are broadcast."""
    boxes = np.asarray(boxes, np.float64 if x.dtype == np.float64 else np.float32).reshape(-1, 4)
    batch = np.array([len(boxes)] if batch is None else batch, np.int64)
    shape = (len(boxes), x.shape[1], *output_size)
    return Case(rule, x, boxes, np.broadcast_to(expected, shape), batch, output_size=output_size, **how)


def ulps(number: float, steps: int) -> np.float32:
    """The float32 that many steps away from a number."""
    number = np.float32(number)
    for _ in range(abs(steps)):
        number = np.nextafter(number, np.float32(np.copysign(np.inf, steps)))
    return number


def _coordinates() -> Iterator[Case]:
    rule = "boxes_are_scaled_to_the_map_by_the_float32_attribute"
    yield case(rule, [16, 32, 80, 112], 100 * 4.0 + 2.5, spatial_scale=1 / 16)
    yield case(rule, [8, 8, 24, 40], 100 * 5.5 + 3.5, spatial_scale=0.25)
    wide = np.arange(100_002.0)[None, None, None]
    position = 1e6 * float(np.float32(0.1)) - 0.5  # 1.5e-3 from the position by a float64 attribute
    yield case(rule, [1e6, 0, 1e6, 10], position, wide, spatial_scale=0.1, sampling_ratio=1)

    rule = "aligned_shifts_by_half_a_pixel"
    for ratio in (-1, 1, 2, 5):
        how = {"sampling_ratio": ratio}
        yield case(rule, [2, 3, 6, 7], 100 * 4.5 + 3.5, **how)
        yield case(rule, [2, 3, 6, 7], 100 * 5 + 4, aligned=False, **how)

    small = [3, 2, 3.2, 2.5]
    yield case("boxes_that_are_not_aligned_are_at_least_one_pixel", small, 253.5, aligned=False)
    yield case("aligned_boxes_stay_small", [3, 2, 3.5, 2.25], 100 * 1.625 + 2.75)

    bins = 100 * np.array([[3.5], [6.5]]) + [2.5, 5.5, 8.5]
    how = {"output_size": (2, 3), "aligned": False}
    for ratio in (-1, 1, 2):
        yield case("bins_divide_the_box_evenly", [1, 2, 10, 8], bins, sampling_ratio=ratio, **how)


def _samples() -> Iterator[Case]:
    rule, how = "sampling_ratio_is_the_number_of_samples_per_axis", {"aligned": False, "x": PIXEL}
    yield case(rule, [0, 0, 12, 1], 1 / 3, sampling_ratio=3, **how)  # at 2, 6, 10
    yield case(rule, [0, 0, 12, 1], 0, sampling_ratio=4, **how)  # at 1.5, 4.5, 7.5, 10.5
    rule = "adaptive_sampling_takes_the_size_of_the_bin_rounded_up_on_each_axis"
    for ratio in (0, -1, -(2**63)):
        # 2.5 pixels wide and one high: three samples of one row, at 4.42, 5.25 and 6.08.
        yield case(rule, [4, 0, 6.5, 1], (0.25 + 11 / 12) / 3, sampling_ratio=ratio, **how)
    # At 4.25 and 6.75; the bright pixel is 0.75 from the second.
    rule = "samples_lie_in_the_middle_of_their_share_of_the_bin"
    yield case(rule, [3, 0, 8, 1], 0.25 / 2, sampling_ratio=2, **how)

    rule = "samples_at_exactly_minus_one_and_at_the_extent_are_inside"
    edges = [np.float32(-1), ulps(-1, -1), np.float32(SIDE), ulps(SIDE, 1)]
    # Of the only sample, as it is defined: start + 0.5.
    starts = [edge - np.float32(0.5) for edge in edges]
    inside = np.reshape([8, 0, 8, 0], (4, 1, 1, 1))
    how = {"aligned": False, "sampling_ratio": 1}
    yield case(rule, [[start, 3, start, 3] for start in starts], inside, FLAT, **how)
    yield case(rule, [[3, start, 3, start] for start in starts], inside, FLAT, **how)

    rule = "positions_beyond_the_outermost_pixels_take_their_value"
    yield case(rule, [-1.2, 5, -0.2, 6], 550, **how)  # x = -0.7
    yield case(rule, [11.1, 5, 12.1, 6], 561, **how)  # x = 11.6

    partly = [-3.5, 0.5, 4.5, 4.5]  # samples at x = -3, -1, 1 and 3
    yield case("samples_outside_are_zero_and_still_counted", partly, 8 * 3 / 4, FLAT, sampling_ratio=4)

    rule, how = "max_is_the_largest_interpolated_sample", {"mode": "max"}
    yield case(rule, [1.5, 1.5, 2.5, 2.5], 8, FLAT, sampling_ratio=1, **how)
    yield case(rule, [2, 2, 6, 6], 505, aligned=False, sampling_ratio=2, **how)
    rule = "max_counts_samples_outside_as_zero"
    yield case(rule, partly, 0, -FLAT, sampling_ratio=4, **how)
    yield case(rule, [1.5, 0.5, 4.5, 4.5], -8, -FLAT, sampling_ratio=4, **how)
    for column in range(4):
        row = np.array([9, 3, 1, 2], np.float32)
        row[column] = np.nan
        yield case(
            "max_over_nan_is_nan", [0, 0, 4, 1], np.nan, row[None, None, None], sampling_ratio=4, **how
        )
    between = [1.5, 1.5, 2.5, 2.5]  # one sample, in the middle of four pixels
    rule = "the_standard_max_is_the_largest_pixel_times_weight"
    yield case(rule, between, 2, FLAT, sampling_ratio=1, mode="max_corners")


def _unusual_boxes() -> Iterator[Case]:
    point, inverted = [3, 2, 3, 2], [6, 6, 2, 3]
    for mode in ("avg", "max"):
        yield case("zero_size_adaptive_is_zero", point, 0, mode=mode)
        for box in (inverted, [6, 3, 2, 6], [2, 6, 6, 3]):
            yield case("inverted_adaptive_is_zero", box, 0, mode=mode)
        outside = [[20, 2, 25, 6], [2, 20, 6, 25], [-9, 2, -4, 6], [2, -9, 6, -4]]
        for ratio in (-1, 2):
            yield case("boxes_outside_the_map_are_zero", outside, 0, FLAT, mode=mode, sampling_ratio=ratio)
    yield case("zero_size_with_a_ratio_samples_a_point", point, 100 * 1.5 + 2.5, sampling_ratio=2)
    yield case("zero_size_not_aligned_is_one_pixel", point, 100 * 2.5 + 3.5, aligned=False)
    rule = "inverted_with_a_ratio_is_mirrored"
    yield case(rule, inverted, 100 * 4.0 + 3.5, sampling_ratio=2)
    bins = 100 * np.array([[7.5], [5.5], [3.5]]) + [6.5, 4.5, 2.5]
    yield case(rule, [8, 9, 2, 3], bins, output_size=(3, 3), sampling_ratio=2)
    yield case("inverted_not_aligned_is_one_pixel", inverted, 100 * 6.5 + 6.5, aligned=False)
    yield case("tiny_boxes_have_one_sample", [4, 4, 4.001, 4.001], 100 * 3.5005 + 3.5005)

    rule = "huge_adaptive_boxes_cost_no_more_than_the_map"
    for size in (1e6, 1e9, 1e30):
        how = {"x": FLAT, "output_size": (1, 3)}
        # Samples of the first bin, a pixel apart: ten are inside, x = 2.2 to 11.2. At 1e30 none is.
        inside = 10 if size < 1e30 else 0
        mean = 8 * inside / np.ceil(np.float32(size) / 3)
        yield case(rule, [2.2, 2, size, 8], [[mean, 0, 0]], **how)
        yield case(rule, [2.2, 2, size, 8], [[8 if inside else 0, 0, 0]], mode="max", **how)
        whole = [-size, -size, size, size]
        yield case(rule, whole, 0 if size > 1e6 else 8 * (14 / (2e6)) ** 2, FLAT)
    rule = "absurd_sampling_ratios_cost_no_more_than_the_map"
    for ratio in (2**31, 2**62):
        yield case(rule, [2, 3, 9, 10], 100 * 6 + 5, sampling_ratio=ratio)
        yield case(rule, [2, 3, 9, 10], 100 * 9.5 + 8.5, sampling_ratio=ratio, mode="max")
    rule = "sizes_that_overflow_float32_give_zero"
    boxes = [[-3e38, 2, 3e38, 8], [2, -3e38, 8, 3e38], [3e38, 3e38, 3e38, 3e38]]
    for aligned in (True, False):
        for ratio in (-1, 2):
            how = {"spatial_scale": 2.0, "aligned": aligned, "sampling_ratio": ratio}
            yield case(rule, boxes, 0, FLAT, **how)


def _inputs() -> Iterator[Case]:
    rule = "without_boxes_channels_or_images_the_output_is_empty"
    boxes = np.tile([0, 0, 2, 2], (4, 1))
    yield case(rule, [], 0, np.ones((1, 3, 5, 5), np.float32), output_size=(2, 2))
    yield case(rule, boxes, 0, np.ones((2, 0, 5, 5), np.float32), [4, 0], output_size=(2, 2))
    yield case(rule, [], 0, np.ones((0, 3, 5, 5), np.float32), [], output_size=(2, 2))
    for shape in ((1, 3, 0, 5), (1, 3, 5, 0)):
        x = np.ones(shape, np.float32)
        yield case("a_map_without_pixels_gives_zero", [0, 0, 2, 2], 0, x, output_size=(2, 2))

    boxes = np.tile([0, 0, 4, 4], (5, 1))
    images = np.reshape([0, 0, 2, 2, 2], (5, 1, 1, 1))
    yield case("boxes_num_counts_the_boxes_of_each_image", boxes, images, IMAGES, [2, 0, 3])
    images = np.array([2, 0, 1, 0, 2])
    rule = "batch_indices_name_the_image_of_each_box_in_any_order"
    how = {"batch": images, "batch_format": "batch_indices"}
    yield case(rule, boxes, images[:, None, None, None], IMAGES, **how)


def _arithmetic() -> Iterator[Case]:
    x = (np.arange(4096) % 2).astype(np.float16)[None, None, None]
    # At 2049.25, between an odd and an even pixel. In float16 the box would be at 2050.
    rule = "boxes_of_16_bit_features_may_be_float32"
    yield case(rule, [2049.75, 0, 2049.75, 1], 0.75, x, sampling_ratio=1)
    x = np.full((1, 1, 4, 4), 60000, np.float16)  # two of them are beyond float16
    rule = "16_bit_features_are_summed_in_float32"
    float_boxes = case(rule, [0.5, 0.5, 3.5, 3.5], 60000, x, sampling_ratio=3)
    yield float_boxes
    yield replace(float_boxes, boxes=float_boxes.boxes.astype(np.float16))
    # A bin of 3 + 1e-12 pixels has four samples, at 4.375, 5.125, 5.875 and 6.625; in float32 it has three.
    rule, box = "the_decisions_of_float64_features_are_taken_in_float64", [4, 0, 7 + 1e-12, 1]
    yield case(rule, box, 1.375 / 4, PIXEL.astype(np.float64), aligned=False)
    yield case(rule, box, 1 / 3, PIXEL, aligned=False)


CASES = [
    *_coordinates(),
    *_samples(),
    *_unusual_boxes(),
    *_inputs(),
    *_arithmetic(),
]
