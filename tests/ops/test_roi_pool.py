"""roiops::RoiPool and the override of MaxRoiPool against the oracle, bit for bit."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper
from random_rois import case, rois

import roiops
from roiops import reference

TYPES = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "float16": TensorProto.FLOAT16,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
}


def _run(node, feeds, opset=18, override=False, builtin=False):
    """Run a node of one output, of the type of X."""
    infos = [helper.make_tensor_value_info(k, TYPES[v.dtype.name], [None] * v.ndim) for k, v in feeds.items()]
    output = helper.make_tensor_value_info("Y", TYPES[feeds["X"].dtype.name], [None] * 4)
    domains = [helper.make_opsetid("", opset), helper.make_opsetid("roiops", 1)]
    graph = helper.make_graph([node], "graph", infos, [output])
    model = helper.make_model(graph, opset_imports=domains, ir_version=8)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    if not builtin:
        roiops.register(options, override_standard=override)
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)[0]


def _roi_pool(x, boxes, batch, size, scale=1.0, batch_format="batch_indices"):
    node = helper.make_node(
        "RoiPool",
        ["X", "boxes", "batch"],
        ["Y"],
        domain="roiops",
        output_height=size[0],
        output_width=size[1],
        spatial_scale=scale,
        batch_format=batch_format,
    )
    return _run(node, {"X": x, "boxes": boxes, "batch": np.asarray(batch)})


def _max_roi_pool(x, rows, size, scale=1.0, opset=22, **how):
    node = helper.make_node("MaxRoiPool", ["X", "rois"], ["Y"], pooled_shape=list(size), spatial_scale=scale)
    return _run(node, {"X": x, "rois": rows}, opset, **how)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_random_boxes_are_those_of_the_oracle(dtype):
    for seed in range(60):
        x, boxes, images, size, scale = case(seed, dtype)
        if seed % 5 == 0:
            x[0, 0, 0, 0] = np.nan
        expected = reference.roi_pool(x, boxes, images, size, scale, batch_format="batch_indices")
        y = _roi_pool(x, boxes, images, size, scale)
        np.testing.assert_array_equal(y, expected, f"seed {seed}")
        np.testing.assert_array_equal(_max_roi_pool(x, rois(images, boxes), size, scale, override=True), y)


@pytest.mark.parametrize("batch_dtype", ["int32", "int64"])
@pytest.mark.parametrize("box_dtype", ["float16", "float32"])
def test_sixteen_bit_features_and_counts(box_dtype, batch_dtype):
    x, boxes, _, size, scale = case(3)
    x, boxes = x.astype(np.float16), boxes.astype(box_dtype)
    counts = np.array([5, len(boxes) - 5], batch_dtype)
    expected = reference.roi_pool(x, boxes.astype(np.float32), counts, size, scale)
    np.testing.assert_array_equal(_roi_pool(x, boxes, counts, size, scale, "boxes_num"), expected)


@pytest.mark.parametrize("opset", [1, 7, 12, 13, 21])
def test_the_override_is_the_builtin_where_that_exists(opset):
    for seed in range(20):
        x, boxes, images, size, scale = case(seed)
        rows = rois(images, boxes)
        ours = _max_roi_pool(x, rows, size, scale, opset, override=True)
        np.testing.assert_array_equal(ours, _max_roi_pool(x, rows, size, scale, opset, builtin=True))


def test_a_bin_of_minus_infinity_differs_from_the_builtin():
    """The built-in operator begins with the lowest finite number; ours has the largest pixel, as it is."""
    x = np.full((1, 1, 4, 4), -np.inf, np.float32)
    x[0, 0, 3, 3] = 2
    rows = np.array([[0, 0, 0, 3, 3]], np.float32)
    ours = _max_roi_pool(x, rows, (2, 2), opset=21, override=True)
    np.testing.assert_array_equal(ours, [[[[-np.inf, -np.inf], [-np.inf, 2]]]])
    lowest = np.finfo(np.float32).min
    theirs = _max_roi_pool(x, rows, (2, 2), opset=21, builtin=True)
    np.testing.assert_array_equal(theirs, [[[[lowest, lowest], [lowest, 2]]]])


@pytest.mark.parametrize("image", [-1, 2, 0.5, np.nan])
def test_rows_that_name_no_image(image):
    x = np.ones((2, 1, 4, 4), np.float32)
    with pytest.raises(Exception, match=r"input 'rois': box 1 has batch index .* one of the 2 images"):
        _max_roi_pool(x, np.array([[0, 0, 0, 1, 1], [image, 0, 0, 1, 1]], np.float32), (1, 1), override=True)


def test_boxes_that_are_not_finite():
    x = np.ones((1, 1, 4, 4), np.float32)
    with pytest.raises(
        Exception, match=r"input 'boxes': box 0 is \(nan, 0, 1, 1\); coordinates must be finite"
    ):
        _roi_pool(x, np.array([[np.nan, 0, 1, 1]], np.float32), [0], (1, 1))
    with pytest.raises(
        Exception, match=r"input 'rois': box 0 is \(0, inf, 1, 1\); coordinates must be finite"
    ):
        _max_roi_pool(x, np.array([[0, 0, np.inf, 1, 1]], np.float32), (1, 1), override=True)


@pytest.mark.parametrize("shape", [[0, 1], [1, 2**31], [1]])
def test_pooled_shape_is_checked(shape):
    x = np.ones((1, 1, 4, 4), np.float32)
    with pytest.raises(Exception, match="MaxRoiPool node '.*attribute 'pooled_shape'"):
        _max_roi_pool(x, np.zeros((1, 5), np.float32), shape, override=True)
