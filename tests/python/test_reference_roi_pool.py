"""The oracle of RoiPool on values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper
from roi_pool_cases import case, rois
from support import one_node_model, run

from roiops.reference import roi_pool

X = np.arange(1.0, 31.0, dtype=np.float32).reshape(1, 1, 5, 6)
NAN, INF = float("nan"), float("inf")


def pooled(box, size=1, x=X, **arguments):
    return roi_pool(x, [box], [1], size, **arguments)[0, 0]


def test_a_box_includes_its_last_pixel():
    assert pooled([1, 1, 2, 3]) == X[0, 0, 3, 2]


def test_bins_overlap_where_they_do_not_divide_the_box():
    np.testing.assert_array_equal(pooled([0, 0, 2, 2], 2), X[0, 0][[1, 1, 2, 2], [1, 2, 1, 2]].reshape(2, 2))


@pytest.mark.parametrize(
    ("coordinate", "pixel"), [(0.49999997, 0), (0.5, 1), (1.4999999, 1), (1.5, 2), (2.5, 3)]
)
def test_coordinates_are_rounded_half_away_from_zero(coordinate, pixel):
    assert pooled([coordinate, 0, 0, 0], 1) == X[0, 0, 0, pixel]


def test_negative_halves_are_rounded_away_from_zero_too():
    x = np.array([[[[3.0, 2.0, 1.0]]]], np.float32)
    # From -1 to 0: two pixels, of which each bin of the two has one.
    np.testing.assert_array_equal(pooled([-0.5, 0, 0, 0], (1, 2), x), [[0, 3]])


def test_the_scale_comes_before_rounding():
    assert pooled([3, 3, 3, 3], spatial_scale=0.5) == X[0, 0, 2, 2]


@pytest.mark.parametrize("box", [[3, 2, 1, 0], [3, 2, 3, 2]])
def test_inverted_boxes_are_one_pixel(box):
    assert pooled(box) == X[0, 0, 2, 3]


@pytest.mark.parametrize("box", [[-9, 0, -3, 4], [6, 0, 9, 4], [0, 5, 3, 9], [1e30, 0, 2e30, 4]])
def test_bins_without_a_pixel_are_zero(box):
    assert not pooled(box, 2, X - 100).any()


def test_boxes_far_beyond_the_map_cover_it():
    assert pooled([-3e38, -3e38, 3e38, 3e38], spatial_scale=16.0) == 30


def test_values_that_are_not_numbers():
    x = np.array([[[[NAN, 1.0, -INF, -INF]]]], np.float32)
    assert np.isnan(pooled([0, 0, 1, 0], x=x))
    assert pooled([1, 0, 2, 0], x=x) == 1
    assert pooled([2, 0, 3, 0], x=x) == -INF


def test_images():
    x = np.stack([X[0], -X[0]])
    boxes = [[0, 0, 5, 4], [0, 0, 5, 4]]
    assert roi_pool(x, boxes, [1, 1], 1).ravel().tolist() == [30, -1]
    assert roi_pool(x, boxes, [1, 0], 1, batch_format="batch_indices").ravel().tolist() == [-1, 30]


@pytest.mark.parametrize("shape", [(1, 2, 0, 4), (1, 2, 4, 0), (1, 0, 4, 4)])
def test_maps_without_pixels_or_channels(shape):
    y = roi_pool(np.ones(shape, np.float32), [[0, 0, 4, 4]], [1], 2)
    assert y.shape == (1, shape[1], 2, 2) and not y.any()


def test_float64_features_decide_in_float64():
    # The float32 next to 4.5 - 1e-9 is 4.5.
    box, scale = [0, 0, 4.5 - 1e-9, 0], 1.0
    assert pooled(box, x=X.astype(np.float64), spatial_scale=scale) == X[0, 0, 0, 4]
    assert pooled(box, spatial_scale=scale) == X[0, 0, 0, 5]


@pytest.mark.parametrize("seed", range(40))
def test_it_is_onnx_runtimes_max_roi_pool(seed):
    x, boxes, images, size, scale = case(seed)
    node = helper.make_node("MaxRoiPool", ["X", "rois"], ["Y"], pooled_shape=size, spatial_scale=scale)
    shapes = [("X", TensorProto.FLOAT, None), ("rois", TensorProto.FLOAT, None)]
    model = one_node_model([node], shapes, [("Y", TensorProto.FLOAT, None)], 17)
    y = run(model, {"X": x, "rois": rois(images, boxes)}, plugin=False)
    expected = roi_pool(x, boxes, images, size, scale, batch_format="batch_indices")
    np.testing.assert_array_equal(y, expected)
