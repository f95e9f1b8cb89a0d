"""The rules of RoiPool on values worked out by hand: the oracle and the operator."""

from __future__ import annotations

import numpy as np
import pytest
from roi_pool_cases import case
from support import TYPES, run

import roiops
from roiops import export, reference

X = np.arange(1.0, 31.0, dtype=np.float32).reshape(1, 1, 5, 6)
NAN, INF = float("nan"), float("inf")

BOTH = pytest.mark.parametrize("pool", [reference.roi_pool, roiops.roi_pool], ids=["oracle", "operator"])


def pooled(pool, box, size=1, x=X, **arguments):
    return pool(x, [box], [1], size, **arguments)[0, 0]


@BOTH
def test_a_box_includes_its_last_pixel(pool):
    assert pooled(pool, [1, 1, 2, 3]) == X[0, 0, 3, 2]


@BOTH
def test_bins_overlap_where_they_do_not_divide_the_box(pool):
    expected = X[0, 0][[1, 1, 2, 2], [1, 2, 1, 2]].reshape(2, 2)
    np.testing.assert_array_equal(pooled(pool, [0, 0, 2, 2], 2), expected)


@BOTH
@pytest.mark.parametrize(
    ("coordinate", "pixel"), [(0.49999997, 0), (0.5, 1), (1.4999999, 1), (1.5, 2), (2.5, 3)]
)
def test_corners_are_scaled_then_rounded_half_away_from_zero(pool, coordinate, pixel):
    assert pooled(pool, [coordinate, 0, 0, 0]) == X[0, 0, 0, pixel]
    assert pooled(pool, [2 * coordinate, 0, 0, 0], spatial_scale=0.5) == X[0, 0, 0, pixel]
    # From -1 to 0, of which each of two bins has one pixel.
    x = np.array([[[[3.0, 2.0, 1.0]]]], np.float32)
    np.testing.assert_array_equal(pooled(pool, [-0.5, 0, 0, 0], (1, 2), x), [[0, 3]])


@BOTH
@pytest.mark.parametrize("box", [[3, 2, 1, 0], [3, 2, 3, 2]])
def test_inverted_boxes_are_one_pixel(pool, box):
    assert pooled(pool, box) == X[0, 0, 2, 3]


@BOTH
@pytest.mark.parametrize("box", [[-9, 0, -3, 4], [6, 0, 9, 4], [0, 5, 3, 9], [1e30, 0, 2e30, 4]])
def test_bins_without_a_pixel_are_zero(pool, box):
    assert not pooled(pool, box, 2, X - 100).any()


@BOTH
def test_boxes_far_beyond_the_map_cover_it(pool):
    assert pooled(pool, [-3e38, -3e38, 3e38, 3e38], spatial_scale=16.0) == 30


@BOTH
@pytest.mark.parametrize("row", [[NAN, 1, 2], [1, NAN, 2], [1, 2, NAN], [NAN, INF, -INF]])
def test_a_bin_with_a_nan_is_nan(pool, row):
    x = np.array([[[row], [[3.0, 4.0, 5.0]]]], np.float32).reshape(1, 1, 2, 3)
    assert np.isnan(pooled(pool, [0, 0, 2, 1], x=x))
    assert pooled(pool, [0, 1, 2, 1], x=x) == 5


@BOTH
def test_minus_infinity_stays(pool):
    assert pooled(pool, [0, 0, 5, 4], x=np.full_like(X, -INF)) == -INF


@BOTH
def test_float64_features_decide_in_float64(pool):
    # The float32 next to 4.5 - 1e-9 is 4.5.
    box = [0, 0, 4.5 - 1e-9, 0]
    assert pooled(pool, box, x=X.astype(np.float64)) == X[0, 0, 0, 4]
    assert pooled(pool, box) == X[0, 0, 0, 5]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("indices", [np.int32, np.int64])
@pytest.mark.parametrize("seed", range(8))
def test_every_type_and_both_forms_of_batch(dtype, indices, seed):
    if dtype == "bfloat16":
        dtype = pytest.importorskip("ml_dtypes").bfloat16
    x, boxes, images, size, scale = case(seed)
    x, images = x.astype(dtype), images.astype(indices)
    expected = reference.roi_pool(x, boxes, images, size, scale, batch_format="batch_indices")
    y = roiops.roi_pool(x, boxes, None, size, scale, batch_indices=images)
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(y.astype(np.float64), expected)
    order, counts = np.argsort(images, kind="stable"), np.bincount(images, minlength=2).astype(indices)
    y = roiops.roi_pool(x, boxes[order], counts, size, scale)
    np.testing.assert_array_equal(y.astype(np.float64), expected[order])


@pytest.mark.parametrize("shape", [(1, 2, 0, 4), (1, 2, 4, 0), (1, 0, 4, 4)])
@BOTH
def test_maps_without_pixels_or_channels(pool, shape):
    y = pool(np.ones(shape, np.float32), [[0, 0, 4, 4]], [1], 2)
    assert y.shape == (1, shape[1], 2, 2) and not y.any()


def test_many_channels_and_boxes():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 100, 30, 40)).astype(np.float32)
    corners = rng.uniform(-5, 40, (80, 2))
    boxes = np.hstack([corners, corners + rng.uniform(0, 20, (80, 2))]).astype(np.float32)
    y = roiops.roi_pool(x, boxes, [30, 50], (7, 5), 0.7)
    np.testing.assert_array_equal(y, reference.roi_pool(x, boxes, [30, 50], (7, 5), 0.7))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"boxes": np.array([[0, 0, NAN, 1]], np.float32)}, "input 'boxes': box 0 is .*must be finite"),
        ({"boxes": np.zeros((1, 5), np.float32)}, r"input 'boxes' has shape \(1, 5\)"),
        ({"batch": np.array([2])}, "input 'batch': .*boxes"),
        ({"batch": np.array([-1])}, "input 'batch': element 0 is -1"),
        ({"batch": np.array([1, 0])}, "input 'batch' has shape"),
        ({"X": np.ones((1, 4, 4), np.float32)}, "input 'X' has shape"),
    ],
)
def test_inputs_that_make_no_sense_are_errors(change, message):
    model = export.make_roi_pool_model(output_size=2)
    for value in model.graph.input:  # ONNX Runtime checks shapes that are declared
        value.type.tensor_type.ClearField("shape")
    feeds = {"X": X, "boxes": np.zeros((1, 4), np.float32), "batch": np.array([1])}
    assert run(model, feeds).shape == (1, 1, 2, 2)
    with pytest.raises(Exception, match=message):
        run(model, {**feeds, **change})
