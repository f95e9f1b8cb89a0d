"""PasteMasks and HeatmapsToKeypoints: the device's arithmetic against the oracle, without a device."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from cuda_host_heads import HostHeads
from cuda_host_pool import find_compiler
from cuda_plain_heads import CONVENTIONS, OUTPUTS

from roiops import reference

DTYPES = {
    "float32": np.float32,
    "float64": np.float64,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
}
TOLERANCES = {"float64": 1e-13, "float32": 5e-7, "float16": 1e-3, "bfloat16": 8e-3}


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    if not find_compiler():
        pytest.skip("needs a C++ compiler")
    return HostHeads(tmp_path_factory.mktemp("heads"))


def some_boxes(rng, count, dtype):
    """Boxes in, across and out of a 60 x 60 image, among them inverted ones and ones of whole pixels."""
    corners = rng.uniform(-20, 60, (count, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(-5, 60, (count, 2))], axis=1)
    boxes[::3] = np.round(boxes[::3])
    boxes[1::5, 2] = boxes[1::5, 0]
    return boxes.astype(np.float64 if dtype == "float64" else np.float32)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_masks_equal_the_oracle(heads, dtype, convention):
    for seed in range(25):
        rng = np.random.default_rng(seed)
        count, size = int(rng.integers(1, 5)), tuple(int(side) for side in rng.integers(1, 70, 2))
        masks = rng.random((count, *rng.integers(1, 9, 2))).astype(DTYPES[dtype])
        boxes = some_boxes(rng, count, dtype)
        wanted = reference.paste_masks(masks, boxes, size, convention)
        for output in OUTPUTS:
            found = heads.paste(masks, boxes, size, convention, output)
            if output == "soft":
                np.testing.assert_allclose(
                    found.astype(np.float64), wanted, atol=TOLERANCES[dtype], rtol=0, err_msg=f"seed {seed}"
                )
                continue
            exact = reference.paste_masks(masks, boxes, size, convention, output)
            scaled = wanted * (255 if output == "uint8" else 2)
            assert (np.abs(scaled - np.round(scaled))[found != exact] < 1e-3).all(), f"seed {seed}"


@pytest.mark.parametrize("width", [300, 1023, 1025])
def test_masks_in_images_wider_than_a_block(heads, width):
    rng = np.random.default_rng(width)
    masks = rng.random((2, 5, 5)).astype(np.float32)
    boxes = np.array([[10, 2, width - 3, 60], [width - 20, 30, width + 9, 90]], np.float32)
    found = heads.paste(masks, boxes, (67, width), "torchvision", "soft")
    np.testing.assert_allclose(found, reference.paste_masks(masks, boxes, (67, width)), atol=5e-7)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_masks_of_boxes_that_are_not_finite_are_not_pasted(heads, convention, bad):
    boxes = np.tile(np.array([[1, 1, 6, 6]], np.float32), (3, 1))
    boxes[1, 2] = bad
    found = heads.paste(np.ones((3, 2, 2), np.float32), boxes, (8, 8), convention, "soft")
    assert found[0].any() and found[2].any() and not found[1].any()


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_huge_boxes(heads, convention):
    boxes = np.array([[-3.4e38, -3.4e38, 3.4e38, 3.4e38], [0, 0, 1e20, 5], [1e20, 2, 5e19, 5]], np.float32)
    masks = np.ones((3, 4, 4), np.float32)
    found = heads.paste(masks, boxes, (8, 9), convention, "soft")
    np.testing.assert_allclose(found, reference.paste_masks(masks, boxes, (8, 9), convention), atol=1e-5)


@pytest.mark.parametrize("convention", CONVENTIONS[:2])
@pytest.mark.parametrize("dtype", DTYPES)
def test_keypoints_equal_the_oracle(heads, dtype, convention):
    for seed in range(15):
        rng = np.random.default_rng(seed)
        shape = (int(rng.integers(1, 4)), int(rng.integers(1, 4)), *rng.integers(2, 21, 2))
        maps = rng.standard_normal(shape).astype(DTYPES[dtype])
        rois = some_boxes(rng, shape[0], dtype) * (5 if seed % 5 == 0 else 1)
        rois = rois.astype(np.float64 if dtype == "float64" else np.float32)
        points, scores = heads.keypoints(maps, rois, convention)
        wanted, wanted_scores = reference.heatmaps_to_keypoints(maps, rois, convention)
        tolerance = 1e-11 if dtype == "float64" else 1e-5
        np.testing.assert_allclose(scores, wanted_scores, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(points[..., 2:], wanted[..., 2:], rtol=tolerance, atol=tolerance)
        same = np.isclose(points[..., :2], wanted[..., :2], rtol=1e-6, atol=1e-4).all(-1)
        # Two pixels within rounding of each other may change places.
        assert (~same).sum() <= max(1, same.size // 4), f"seed {seed}"


def test_the_first_of_equal_pixels_counts(heads):
    maps = np.zeros((1, 1, 4, 4), np.float32)
    points, _ = heads.keypoints(maps, np.array([[2, 3, 302, 403]], np.float32), "torchvision")
    np.testing.assert_allclose(points[0, 0], [2.5, 3.5, 1])


def test_nan_is_largest(heads):
    maps = np.zeros((1, 1, 9, 9), np.float32)
    maps[0, 0, 0, 0], maps[0, 0, 6, 7] = 100, np.nan
    points, scores = heads.keypoints(maps, np.array([[0, 0, 9, 9]], np.float32), "torchvision")
    assert np.isnan(scores).all()
    np.testing.assert_allclose(points[0, 0, :2], [5.5, 4.5])  # the first pixel that has a part of it


@pytest.mark.parametrize("bad", [np.nan, np.inf, 70000])
def test_boxes_that_cannot_be_upsampled_give_zeros(heads, bad):
    rois = np.tile(np.array([[1, 1, 6, 6]], np.float32), (3, 1))
    rois[1, 2] = bad
    for convention in CONVENTIONS[:2]:
        points, scores = heads.keypoints(np.ones((3, 2, 4, 4), np.float32), rois, convention)
        assert not points[1].any() and not scores[1].any() and points[0].all() and points[2].all()
