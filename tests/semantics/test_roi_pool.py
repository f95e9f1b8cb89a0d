"""The rules of RoiPool that are no table of values: types, forms of the batch, errors."""

from __future__ import annotations

import numpy as np
import pytest
from random_rois import case
from support import TYPES, run

import roiops
from roiops import export, reference

X = np.arange(1.0, 31.0, dtype=np.float32).reshape(1, 1, 5, 6)


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
        ({"boxes": np.array([[0, 0, np.nan, 1]], np.float32)}, "input 'boxes': box 0 is .*must be finite"),
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
