"""The rules of RoIPool in docs/semantics.md."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from semantics.call import Call

# Pixel (i, j) holds 6 * i + j + 1.
X = np.arange(1.0, 31.0, dtype=np.float32).reshape(1, 1, 5, 6)
NAN, INF = float("nan"), float("inf")


def case(rule, boxes, expected, x=X, output_size=(1, 1), spatial_scale=1.0) -> Call:
    """A case with all boxes on the first image; the expected values are broadcast."""
    boxes = np.asarray(boxes, np.float64 if x.dtype == np.float64 else np.float32).reshape(-1, 4)
    shape = (len(boxes), x.shape[1], *output_size)
    return Call(
        rule,
        "RoiPool",
        {"X": x, "boxes": boxes, "batch": np.array([len(boxes)])},
        {"output_size": output_size, "spatial_scale": spatial_scale},
        (np.broadcast_to(np.asarray(expected, x.dtype), shape),),
    )


def _cases() -> Iterator[Call]:
    rule = "corners_are_scaled_then_rounded_half_away_from_zero"
    for coordinate, pixel in ((0.49999997, 1), (0.5, 2), (1.4999999, 2), (1.5, 3), (2.5, 4)):
        yield case(rule, [coordinate, 0, 0, 0], pixel)
        yield case(rule, [2 * coordinate, 0, 0, 0], pixel, spatial_scale=0.5)
    # From -1 to 0, of which each of two bins has one pixel.
    row = np.array([[[[3, 2, 1]]]], np.float32)
    yield case(rule, [-0.5, 0, 0, 0], [[0, 3]], row, (1, 2))

    rule = "a_box_includes_its_last_pixel"
    yield case(rule, [1, 1, 2, 3], 6 * 3 + 2 + 1)
    yield case(rule, [0, 0, 3, 3], [[8, 10], [20, 22]], output_size=(2, 2))
    for box in ([3, 2, 1, 0], [3, 2, 3, 2]):
        yield case("inverted_boxes_are_one_pixel", box, 6 * 2 + 3 + 1)
    rule = "bins_overlap_where_they_do_not_divide_the_box"
    yield case(rule, [0, 0, 2, 2], [[8, 9], [14, 15]], output_size=(2, 2))

    rule = "bins_without_a_pixel_are_zero"
    outside = [[-9, 0, -3, 4], [6, 0, 9, 4], [0, 5, 3, 9], [1e30, 0, 2e30, 4]]
    yield case(rule, outside, 0, X - 100, (2, 2))
    for shape in ((1, 2, 0, 4), (1, 2, 4, 0), (1, 0, 4, 4)):
        yield case(rule, [0, 0, 4, 4], 0, np.ones(shape, np.float32), (2, 2))
    rule = "boxes_far_beyond_the_map_cover_it"
    yield case(rule, [-3e38, -3e38, 3e38, 3e38], 30, spatial_scale=16.0)
    boxes = [[-3e38, -1e30, 3e38, 1e30], [3e38, 0, 3e38, 2], [0, 0, -3e38, 2]]
    covered = np.reshape([1, 0, 1], (3, 1, 1, 1))
    yield case(rule, boxes, covered, np.ones((1, 1, 3, 3), np.float32), spatial_scale=4.0)

    for row in ([NAN, 1, 2], [1, NAN, 2], [1, 2, NAN], [NAN, INF, -INF]):
        x = np.array([[[row, [3, 4, 5]]]], np.float32)
        below = np.reshape([NAN, 5], (2, 1, 1, 1))
        yield case("a_bin_with_a_nan_is_nan", [[0, 0, 2, 1], [0, 1, 2, 1]], below, x)
    yield case("minus_infinity_stays", [0, 0, 5, 4], -INF, np.full_like(X, -INF))

    rule, box = "float64_features_decide_in_float64", [0, 0, 4.5 - 1e-9, 0]
    yield case(rule, box, 5, X.astype(np.float64))
    yield case(rule, box, 6)  # the float32 next to it is 4.5


CASES = list(_cases())
