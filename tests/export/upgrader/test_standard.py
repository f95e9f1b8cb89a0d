"""Single standard nodes: the defaults of every opset written out, and what has to stay."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper
from pyramids import operators
from support import ORT_VERSION, run, session

from roiops.export import upgrade

NEWEST_ORT_OPSET = 21 if ORT_VERSION < (1, 20) else 23


def model_of(opset: int, element: int = TensorProto.FLOAT, **attributes) -> onnx.ModelProto:
    node = helper.make_node("RoiAlign", ["x", "rois", "image"], ["y"], name="pool", **attributes)
    inputs = [
        helper.make_tensor_value_info("x", element, ["N", 3, 16, 20]),
        helper.make_tensor_value_info("rois", element, ["K", 4]),
        helper.make_tensor_value_info("image", TensorProto.INT64, ["K"]),
    ]
    outputs = [helper.make_tensor_value_info("y", element, ["K", 3, None, None])]
    graph = helper.make_graph([node], "g", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def arrays(dtype=np.float32) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    corner = random.uniform(-3, 16, (9, 2))
    return {
        "x": random.standard_normal((2, 3, 16, 20)).astype(dtype),
        "rois": np.hstack([corner, corner + random.uniform(-1, 12, (9, 2))]).astype(dtype),
        "image": random.integers(0, 2, 9),
    }


@pytest.mark.parametrize("opset", range(10, 26))
@pytest.mark.parametrize("attributes", [{}, {"output_height": 3, "output_width": 2, "spatial_scale": 0.5}])
@pytest.mark.parametrize("ratio", [None, 2])
def test_defaults_of_every_opset(opset, attributes, ratio):
    if ratio is not None:
        attributes = {**attributes, "sampling_ratio": ratio}
    model = model_of(opset, **attributes)
    upgraded, report = upgrade(model)
    (node,) = upgraded.graph.node
    found = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    assert (node.domain, node.op_type, node.name) == ("roiops", "RoiAlign", "pool")
    assert found == {
        "output_height": attributes.get("output_height", 1),
        "output_width": attributes.get("output_width", 1),
        "spatial_scale": attributes.get("spatial_scale", 1.0),
        "sampling_ratio": ratio or 0,
        "aligned": int(opset >= 16),
        "mode": b"avg",
        "batch_format": b"batch_indices",
    }
    assert [(i.domain, i.version) for i in upgraded.opset_import] == [("", opset), ("roiops", 1)]
    assert [entry.action for entry in report if entry.parameters] == ["replaced"]
    if opset <= NEWEST_ORT_OPSET:
        # Opset 22 and newer did not run at all before; it means what 21 means.
        expected = run(model_of(min(opset, 21), **attributes), arrays(), plugin=False)
        np.testing.assert_allclose(run(upgraded, arrays()), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("mode, aligned", [("half_pixel", 1), ("output_half_pixel", 0)])
def test_coordinate_modes(mode, aligned):
    model = model_of(16, coordinate_transformation_mode=mode)
    upgraded, _ = upgrade(model)
    assert {a.name: a.i for a in upgraded.graph.node[0].attribute}["aligned"] == aligned
    np.testing.assert_allclose(run(upgraded, arrays()), run(model, arrays(), plugin=False), rtol=0, atol=1e-5)


def test_double():
    model = model_of(16, TensorProto.DOUBLE, output_height=3)
    feeds = arrays(np.float64)
    np.testing.assert_allclose(run(upgrade(model)[0], feeds), run(model, feeds, plugin=False), atol=1e-12)


@pytest.mark.parametrize("mode", ["max", "MAX"])
def test_max_stays_unless_asked(mode):
    model = model_of(16, mode=mode)
    kept, report = upgrade(model)
    assert kept.graph == model.graph
    assert report.count("left alone") == 1 and "max_interpolated" in report.entries[0].reason
    changed, report = upgrade(model, max_interpolated=True)
    assert report.entries[0].parameters["mode"] == "max"
    constant = {**arrays(), "x": np.full((2, 3, 16, 20), 10, np.float32)}
    constant["rois"][:] = [2.3, 2.3, 9.3, 9.3]
    assert run(model, constant, plugin=False).max() < 10
    np.testing.assert_allclose(run(changed, constant), 10)


@pytest.mark.parametrize(
    "opset, attributes, reason",
    [
        (16, {"coordinate_transformation_mode": "asymmetric"}, "is 'asymmetric', wanted half_pixel or"),
        (11, {"coordinate_transformation_mode": "half_pixel"}, "does not exist in opset 11"),
        (16, {"aligned": 1}, "attribute aligned does not exist"),
        (16, {"mode": "min"}, "'min' is neither avg nor max"),
        (16, {"mode": 1}, "attribute mode is INT, wanted STRING"),
        (16, {"sampling_ratio": -1}, "sampling_ratio is -1, wanted at least 0"),
        (16, {"sampling_ratio": 1.5}, "sampling_ratio is FLOAT, wanted INT"),
        (16, {"output_height": 0}, "output_height is 0, wanted at least 1"),
        (16, {"spatial_scale": 0.0}, "spatial_scale is 0.0"),
        (16, {"spatial_scale": float("nan")}, "spatial_scale is nan"),
        (9, {}, "opset 9: RoiAlign is understood from 10 to 25"),
        (26, {}, "opset 26"),
    ],
)
def test_strange_nodes_stay(opset, attributes, reason):
    model = model_of(opset, **attributes)
    upgraded, report = upgrade(model)
    assert upgraded.graph.node[0].SerializeToString() == model.graph.node[0].SerializeToString()
    assert [entry.action for entry in report] == ["left alone"]
    assert reason in report.entries[0].reason and report.entries[0].name == "pool"


@pytest.mark.parametrize(
    "index, element, shape, reason",
    [
        (0, TensorProto.FLOAT, ["N", 3, 16], "X has 3 dimensions, wanted 4"),
        (1, TensorProto.FLOAT, ["K"], "rois has 1 dimensions, wanted 2"),
        (1, TensorProto.FLOAT, ["K", 5], "rois have 5 columns, wanted 4"),
        (2, TensorProto.INT64, ["K", 1], "batch_indices has 2 dimensions, wanted 1"),
        (2, TensorProto.INT32, ["K"], "batch_indices are INT32, wanted INT64"),
        (1, TensorProto.DOUBLE, ["K", 4], "X is FLOAT and rois are DOUBLE, wanted one type"),
        (0, TensorProto.INT32, ["N", 3, 16, 20], "X is INT32, wanted a floating-point type"),
    ],
)
def test_wrong_tensors_stay(index, element, shape, reason):
    model = model_of(16)
    model.graph.input[index].CopyFrom(helper.make_tensor_value_info("xri"[index], element, shape))
    model.graph.input[index].name = ["x", "rois", "image"][index]
    upgraded, report = upgrade(model)
    assert operators(upgraded) == {"RoiAlign": 1}
    assert report.entries[0].reason == reason


@pytest.mark.parametrize("inputs", [["x", "rois"], ["x", "rois", "image", "image"], ["x", "", "image"]])
def test_wrong_number_of_inputs_stays(inputs):
    model = model_of(16)
    model.graph.node[0].input[:] = inputs
    upgraded, report = upgrade(model)
    assert operators(upgraded) == {"RoiAlign": 1} and report.count("left alone") == 1


def test_opset_imported_as_ai_onnx():
    model = model_of(16)
    model.opset_import[0].domain = "ai.onnx"
    assert operators(upgrade(model)[0]) == {"roiops::RoiAlign": 1}


def test_kinds_of_models(tmp_path):
    model = model_of(16)
    onnx.save(model, tmp_path / "m.onnx")
    from_proto, _ = upgrade(model)
    from_path, _ = upgrade(tmp_path / "m.onnx")
    from_text, _ = upgrade(str(tmp_path / "m.onnx"))
    given = ir.from_proto(model)
    from_ir, _ = upgrade(given)
    assert from_proto == from_path == from_text
    assert isinstance(from_ir, ir.Model) and ir.to_proto(from_ir).graph.node[0].domain == "roiops"
    assert given.graph.node(0).domain == "" and model.graph.node[0].domain == ""
    session(from_proto)
