"""Standard MaxRoiPool becomes RoiPool; what cannot be carried over stays."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from random_rois import case, rois
from support import run

from roiops import reference
from roiops.export import upgrade


def model_of(opset=17, element=TensorProto.FLOAT, columns=5, **attributes) -> onnx.ModelProto:
    attributes = {"pooled_shape": [2, 3], **attributes}
    attributes = {name: value for name, value in attributes.items() if value is not None}
    node = helper.make_node("MaxRoiPool", ["x", "rois"], ["y"], name="pool", **attributes)
    inputs = [
        helper.make_tensor_value_info("x", element, ["N", 3, None, None]),
        helper.make_tensor_value_info("rois", element, ["K", columns]),
    ]
    outputs = [helper.make_tensor_value_info("y", element, ["K", 3, None, None])]
    graph = helper.make_graph([node], "g", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


@pytest.mark.parametrize("opset", range(7, 26))
def test_every_opset(opset):
    upgraded, report = upgrade(model_of(opset, spatial_scale=0.5))
    assert [n.op_type for n in upgraded.graph.node][-1] == "RoiPool"
    assert not any(n.op_type == "MaxRoiPool" for n in upgraded.graph.node)
    assert list(upgraded.graph.node[-1].output) == ["y"]
    assert ("roiops", 1) in [(i.domain, i.version) for i in upgraded.opset_import]
    (entry,) = report
    assert (entry.name, entry.what, entry.action) == ("pool", "MaxRoiPool", "replaced")
    assert entry.parameters == {"size": "2x3", "scale": 0.5}
    onnx.checker.check_model(upgraded)


@pytest.mark.parametrize("seed", range(20))
def test_results(seed):
    x, boxes, images, size, scale = case(seed)
    model = model_of(pooled_shape=size, spatial_scale=scale)
    feeds = {"x": x, "rois": rois(images, boxes)}
    y = run(upgrade(model)[0], feeds)
    np.testing.assert_array_equal(y, run(model, feeds, plugin=False))
    expected = reference.roi_pool(x, boxes, images, size, scale, batch_format="batch_indices")
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pooled_shape": [2, 0]}, "output_size: expected an int between 1"),
        ({"pooled_shape": [2]}, "output_size: expected an int or"),
        ({"pooled_shape": None}, "pooled_shape is missing"),
        ({"spatial_scale": 0.0}, "spatial_scale: expected a finite number > 0"),
        ({"spatial_scale": 1}, "spatial_scale is INT, wanted FLOAT"),
        ({"sampling_ratio": 2}, "sampling_ratio does not exist"),
        ({"columns": 4}, "rois have 4 columns, wanted 5"),
        ({"element": TensorProto.INT64}, "X is INT64"),
        ({"opset": 6}, "opset 6"),
        ({"opset": 26}, "opset 26"),
    ],
)
def test_what_cannot_be_carried_over_is_left_alone(change, reason):
    model = model_of(**change)
    upgraded, report = upgrade(model)
    assert [n.op_type for n in upgraded.graph.node] == ["MaxRoiPool"]
    (entry,) = report
    assert entry.action == "left alone" and reason in entry.reason
