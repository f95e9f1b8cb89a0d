"""Average precision against cases computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from precision import average_precision, mean_average_precision

from roiops._detector.model import Detections, iou

LEFT, MIDDLE, RIGHT = (0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10)
NOWHERE = (80, 80, 90, 90)


def picture(*objects) -> Detections:
    """Objects as (box, name, score), best score first."""
    boxes = np.array([box for box, _, _ in objects], np.float32).reshape(-1, 4)
    return Detections(
        boxes, [name for _, name, _ in objects], np.array([score for *_, score in objects], "f4")
    )


TRUTH = picture((LEFT, "disc", 1), (MIDDLE, "disc", 1))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([(LEFT, "disc", 0.9), (MIDDLE, "disc", 0.8)], 1),
        ([], 0),
        ([(LEFT, "disc", 0.9)], 1 / 2),  # recall never passes a half
        ([(LEFT, "star", 0.9), (MIDDLE, "disc", 0.8)], 1 / 2),  # another class's box is none of this one's
        ([(NOWHERE, "disc", 0.9), (LEFT, "disc", 0.8), (MIDDLE, "disc", 0.7)], 2 / 3),  # 1/2, 2/3: the better
        ([(LEFT, "disc", 0.9), (NOWHERE, "disc", 0.8), (MIDDLE, "disc", 0.7)], (1 + 2 / 3) / 2),
        ([(LEFT, "disc", 0.9), (MIDDLE, "disc", 0.8), (NOWHERE, "disc", 0.1)], 1),
        ([(LEFT, "disc", 0.9), (LEFT, "disc", 0.8), (MIDDLE, "disc", 0.7)], (1 + 2 / 3) / 2),  # found twice
        ([((0, 0, 10, 5), "disc", 0.9)], 1 / 2),  # overlap of exactly a half
        ([((0, 0, 10, 4.9), "disc", 0.9)], 0),
    ],
)
def test_one_picture(found, expected):
    assert average_precision([picture(*found)], [TRUTH], "disc") == pytest.approx(expected)


def test_scores_rank_over_all_pictures():
    found = [picture((NOWHERE, "disc", 0.5)), picture((LEFT, "disc", 0.9), (RIGHT, "disc", 0.3))]
    truth = [picture(), picture((LEFT, "disc", 1), (RIGHT, "disc", 1))]
    assert average_precision(found, truth, "disc") == pytest.approx((1 + 2 / 3) / 2)


def test_a_stricter_threshold():
    found = [picture(((0, 0, 10, 6), "disc", 0.9))]
    truth = [picture((LEFT, "disc", 1))]
    assert average_precision(found, truth, "disc", threshold=0.55) == 1
    assert average_precision(found, truth, "disc", threshold=0.65) == 0


def test_mean_over_the_classes_that_are_there():
    found = [picture((LEFT, "disc", 0.9), (NOWHERE, "cross", 0.8))]
    truth = [picture((LEFT, "disc", 1), (RIGHT, "star", 1))]
    assert mean_average_precision(found, truth) == (0.5, {"disc": 1.0, "star": 0.0})


def test_overlaps():
    boxes = np.array([LEFT, (5, 0, 15, 10), (2, 2, 4, 4), NOWHERE], np.float32)
    expected = [1, 50 / 150, 4 / 100, 0]
    np.testing.assert_allclose(iou(boxes[:1], boxes)[0], expected)
    assert iou(boxes[:0], boxes).shape == (0, 4)
