"""The forms of boxes and images that the NumPy functions take, and what they say of others."""

from __future__ import annotations

import numpy as np
import pytest

import roiops
from roiops import reference

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 2, 9, 11)).astype(np.float32)
CORNERS = RNG.uniform(0, 5, (5, 2))
BOXES = np.hstack([CORNERS, CORNERS + RNG.uniform(1, 5, (5, 2))]).astype(np.float32)
IMAGES = np.array([2, 0, 0, 2, 1])
ORDER = np.argsort(IMAGES, kind="stable")
COUNTS = np.bincount(IMAGES, minlength=3)
EXPECTED = reference.roi_align(X, BOXES, IMAGES, 3, batch_format="batch_indices")
ROIS = np.hstack([IMAGES[:, None], BOXES]).astype(np.float32)


def test_batch_indices():
    y = roiops.roi_align(X, BOXES, None, 3, batch_indices=IMAGES)
    np.testing.assert_allclose(y, EXPECTED, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rois_with_the_image_first(dtype):
    y = roiops.roi_align(X, ROIS.astype(dtype), None, 3)
    expected = reference.roi_align(X, ROIS[:, 1:].astype(dtype), IMAGES, 3, batch_format="batch_indices")
    np.testing.assert_allclose(y, expected, atol=1e-5)


@pytest.mark.parametrize("of_one", [np.array, lambda b: b.tolist()], ids=["arrays", "lists"])
@pytest.mark.parametrize("several", [list, tuple])
def test_one_array_per_image(of_one, several):
    per_image = several(of_one(BOXES[i == IMAGES]) for i in range(3))
    np.testing.assert_allclose(roiops.roi_align(X, per_image, None, 3), EXPECTED[ORDER], atol=1e-5)


def test_images_without_boxes():
    y = roiops.roi_align(X, [BOXES[:0], BOXES[:2], []], None, 3)
    np.testing.assert_allclose(y, reference.roi_align(X, BOXES[:2], [0, 2, 0], 3), atol=1e-5)
    assert roiops.roi_align(X, [[], [], []], None, 3).shape == (0, 2, 3, 3)
    assert roiops.roi_align(X, ROIS[:0], None, 3).shape == (0, 2, 3, 3)


def test_nested_lists_with_counts_are_still_boxes():
    y = roiops.roi_align(X, BOXES[ORDER].tolist(), COUNTS.tolist(), 3)
    np.testing.assert_allclose(y, EXPECTED[ORDER], atol=1e-5)


@pytest.mark.parametrize("mode", ["avg", "max"])
def test_mode(mode):
    y = roiops.roi_align(X, BOXES[ORDER], COUNTS, 3, mode=mode)
    np.testing.assert_allclose(y, reference.roi_align(X, BOXES[ORDER], COUNTS, 3, mode=mode), atol=1e-5)


@pytest.mark.parametrize("mode", ["avg", "max"])
def test_pyramids_take_the_same(mode):
    xs, levels, scales = [X, X[:, :, ::2, ::2].copy()], np.array([0, 1, 1, 0, 1]), [1.0, 0.5]
    expected = reference.multiscale_roi_align(
        xs, BOXES, IMAGES, levels, 3, scales, mode=mode, batch_format="batch_indices"
    )

    def pooled(boxes, levels=levels, **batch):
        return roiops.multiscale_roi_align(xs, boxes, None, levels, 3, scales, mode=mode, **batch)

    np.testing.assert_allclose(pooled(BOXES, batch_indices=IMAGES), expected, atol=1e-5)
    np.testing.assert_allclose(pooled(ROIS), expected, atol=1e-5)
    per_image = [BOXES[i == IMAGES] for i in range(3)]
    np.testing.assert_allclose(pooled(per_image, levels[ORDER]), expected[ORDER], atol=1e-5)


def test_the_class_takes_the_same():
    np.testing.assert_allclose(roiops.RoIAlign(3)(X, ROIS, None), EXPECTED, atol=1e-5)


WRONG = [
    ({"boxes_num": None}, ValueError, r"^boxes: without boxes_num and batch_indices .*\(K, 5\).*got shape"),
    ({"batch_indices": IMAGES}, ValueError, "^batch_indices: expected None beside boxes_num"),
    ({"boxes_num": None, "batch_indices": IMAGES[:2]}, ValueError, r"^batch_indices: expected shape \(5,\)"),
    ({"boxes_num": None, "batch_indices": IMAGES + 1}, ValueError, "^batch_indices: .*between 0 and 2"),
    ({"boxes_num": None, "batch_indices": IMAGES * 1.0}, TypeError, r"by batch_indices\.astype\(np\.int64\)"),
    ({"boxes": ROIS}, ValueError, r"^boxes: expected shape \(K, 4\), got \(5, 5\)"),
    ({"boxes_num": None, "boxes": ROIS + 1}, ValueError, r"^boxes\[:, 0\]: expected values between 0 and 2"),
    (
        {"boxes_num": None, "boxes": ROIS / 2},
        ValueError,
        r"^boxes: expected the number of an image.*row 4 has 0.5",
    ),
    ({"boxes_num": None, "boxes": ROIS * np.nan}, ValueError, r"^boxes: expected the number of an image"),
    (
        {"boxes_num": None, "boxes": [BOXES]},
        ValueError,
        r"^boxes: .*one array of boxes per image \(3\), got 1",
    ),
    ({"boxes_num": None, "boxes": [BOXES, ROIS, BOXES]}, ValueError, r"^boxes\[1\]: expected shape \(K, 4\)"),
    ({"boxes": [[0, 0, 1, 1], [0, 0, 1]]}, ValueError, "^boxes: not an array.*are all rows of one length"),
    (
        {"boxes_num": COUNTS * 1.0},
        TypeError,
        r"^boxes_num: .*float64; convert it by boxes_num\.astype\(np\.int64\)",
    ),
    (
        {"x": np.zeros((1, 3, 8, 8), np.uint8)},
        TypeError,
        r"^x: .*uint8; convert it by x\.astype\(np\.float32\)",
    ),
    ({"x": np.zeros((8, 8, 3), np.float32)}, ValueError, r"^x: .*\(8, 8, 3\); a picture .*x\.transpose"),
    ({"mode": "median"}, ValueError, "^mode: expected one of 'avg', 'max'"),
]


@pytest.mark.parametrize(("change", "kind", "message"), WRONG)
def test_errors_say_what_to_do(change, kind, message):
    right = {"x": X, "boxes": BOXES[ORDER], "boxes_num": COUNTS, "output_size": 3}
    with pytest.raises(kind, match=message):
        roiops.roi_align(**{**right, **change})
