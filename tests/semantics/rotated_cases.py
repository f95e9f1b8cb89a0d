"""The rules of docs/rotated.md."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from semantics.call import Call
from semantics.cases import FLAT, RAMP


def pooled(rule, box, expected, x=RAMP, output_size=(1, 1), **how) -> Call:
    """A case of RoiAlignRotated with one box."""
    return Call(
        rule,
        "RoiAlignRotated",
        {"X": x, "boxes": np.array([box], np.float32), "batch": np.array([1])},
        {"output_size": output_size, **how},
        (np.broadcast_to(np.asarray(expected, x.dtype), (1, 1, *output_size)),),
        tolerance=1e-5 * float(x.max()),
    )


def centres(cx, cy, w, h, angle, output_size, offset=0.5) -> np.ndarray:
    """What the bins of a box in RAMP have that needs no clamping: the value at the middle of each."""
    rows, columns = ((np.arange(n) + 0.5) / n - 0.5 for n in output_size)
    v, u = np.meshgrid(rows * h, columns * w, indexing="ij")
    y = v * np.cos(angle) - u * np.sin(angle) + cy - offset
    x = v * np.sin(angle) + u * np.cos(angle) + cx - offset
    return 100 * y + x


def _pooling() -> Iterator[Call]:
    rule, grid = "angles_in_degrees_and_radians_are_one", (3, 3)
    expected = centres(6, 5, 4, 2, 0.7, grid)
    yield pooled(rule, [6, 5, 4, 2, 0.7], expected, output_size=grid)
    yield pooled(rule, [6, 5, 4, 2, np.rad2deg(0.7)], expected, output_size=grid, angle_unit="degrees")

    # Two bins along the width, centres 2 pixels from that of the box, turned by a quarter.
    rule, box = "a_clockwise_angle_turns_x_towards_y", [6.5, 5.5, 8, 2, np.pi / 2]
    how = {"output_size": (1, 2), "sampling_ratio": 1}
    yield pooled(rule, box, [[100 * 3 + 6, 100 * 7 + 6]], clockwise=True, **how)
    yield pooled(rule, box, [[100 * 7 + 6, 100 * 3 + 6]], **how)

    rule, grid = "not_aligned_boxes_are_at_least_one_pixel", (2, 2)
    yield pooled(rule, [6, 5, 0, 0, 0], 506, aligned=False, sampling_ratio=1)
    expected = centres(6, 5, 1, 1, 0.3, grid, offset=0)
    yield pooled(rule, [6, 5, 0.1, 0.2, 0.3], expected, output_size=grid, aligned=False)

    rule = "samples_outside_are_zero_and_counted"
    yield pooled(rule, [0.5, 5, 8, 2, 0], 4, FLAT, sampling_ratio=2)  # one of two is outside
    yield pooled(rule, [-20, 5, 8, 2, 0.4], 0, FLAT)
    rule = "adaptive_boxes_without_a_size_are_zero"
    yield pooled(rule, [5, 5, 0, 4, 0.2], 0, FLAT)
    yield pooled(rule, [5, 5, 0, 4, 0.2], 8, FLAT, sampling_ratio=1)
    rule, grid = "negative_sides_mirror", (1, 3)
    expected = centres(6, 5, -4, 2, 0.4, grid)
    yield pooled(rule, [6, 5, -4, 2, 0.4], expected, output_size=grid, sampling_ratio=2)
    yield pooled(rule, [6, 5, -4, 2, 0.4], 0, FLAT)


def overlaps(rule, a, b, expected, mode="iou") -> Call:
    """A case of BoxIouRotated in float64."""
    a, b = (np.array(boxes, np.float64).reshape(-1, 5) for boxes in (a, b))
    expected = np.array(expected, np.float64).reshape(len(a), len(b))
    return Call(rule, "BoxIouRotated", {"a": a, "b": b}, {"mode": mode}, (expected,), tolerance=1e-14)


def _overlaps() -> Iterator[Call]:
    octagon = 8 * (np.sqrt(2) - 1)  # what two squares of side 2 share that are turned by an eighth
    boxes = [[0, 0, 2, 2, 0], [1, 0, 2, 2, 0], [0, 0, 2, 2, np.pi / 4], [9, 9, 2, 2, 0]]
    shared = [1, 1 / 3, octagon / (8 - octagon), 0]
    yield overlaps("overlaps_have_their_geometric_values", boxes[:1], boxes, shared)
    large, small = [0, 0, 2, 2, 0.3], [0, 0, 1, 1, 0.3]
    yield overlaps("iof_divides_by_the_first_area", [large, small], [large, small], [1, 0.25, 1, 1], "iof")
    boxes = [[0, 0, 2, 2, 0], [0, 0, 0, 2, 0], [0, 0, -2, -2, 0]]
    yield overlaps("boxes_without_area_overlap_nothing", boxes, boxes, np.diag([1.0, 0, 0]))


def kept(rule, boxes, scores, expected, iou_threshold=0.5, dtype=np.float32, **how) -> Call:
    """A case of NmsRotated with one image and one class; expected are the kept boxes."""
    selected = np.array([[0, 0, index] for index in expected], np.int64).reshape(-1, 3)
    inputs = {"boxes": np.array([boxes], dtype), "scores": np.array([[scores]], dtype)}
    return Call(rule, "NmsRotated", inputs, {"iou_threshold": iou_threshold, **how}, (selected,))


def _suppression() -> Iterator[Call]:
    rule, boxes = "inclusive_suppresses_at_the_threshold", [[0, 0, 2, 2, 0], [0, 0, 2, 1, 0]]  # IoU 0.5
    yield kept(rule, boxes, [0.9, 0.8], [0, 1])
    yield kept(rule, boxes, [0.9, 0.8], [0], inclusive=True)
    apart = [[9 * i, 0, 2, 2, 0] for i in range(3)]
    yield kept("equal_scores_keep_the_order_of_boxes", apart, [0.5, 0.75, 0.5], [1, 0, 2])
    near = [[i * 0.1, 0, 2, 2, 0.1] for i in range(5)]
    yield kept("equal_scores_keep_the_order_of_boxes", near, [0.5] * 5, [0])
    scores = [0.25, 0.5, 0.75]
    yield kept("scores_must_exceed_the_threshold", apart, scores, [2], score_threshold=0.5)
    yield kept("nan_scores_are_dropped", np.zeros((2, 5)), [np.nan, 0.1], [1])
    boxes = [[np.nan, 0, 2, 2, 0], [0, 0, 2, 2, 0], [0, np.inf, 2, 2, 0], [0, 0, 2, 2, 0.01]]
    for inclusive, threshold in ((False, 0.5), (True, 0.0)):
        how = {"iou_threshold": threshold, "inclusive": inclusive}
        yield kept("boxes_that_are_not_finite_stand_alone", boxes, [0.9, 0.8, 0.7, 0.6], [0, 1, 2], **how)
    # Each overlaps its neighbour alone.
    rule, boxes, scores = (
        "fast_suppression_counts_suppressed_boxes",
        [[i, 0, 2, 2, 0] for i in range(3)],
        [3, 2, 1],
    )
    yield kept(rule, boxes, scores, [0, 2], 0.3)
    yield kept(rule, boxes, scores, [0], 0.3, suppression="fast")
    # Equal shapes, apart by d along a side w: the distance is d² * 12 / (8 * w²).
    boxes = [[0, 0, 6, 2, 0], [3, 0, 6, 2, 0]]
    iou = 1 - np.sqrt(1 - np.exp(-(3**2) * 12 / (8 * 36)))
    for step, dtype in product((-1e-3, 1e-3), (np.float32, np.float64)):
        how = {"iou_threshold": float(iou) + step, "iou": "gaussian", "dtype": dtype}
        yield kept("gaussian_overlap_is_probiou", boxes, [0.9, 0.8], [0, 1] if step > 0 else [0], **how)


CASES = [*_pooling(), *_overlaps(), *_suppression()]
