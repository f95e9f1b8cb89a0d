"""Node and model builders: what they write, and what they refuse."""

from __future__ import annotations

import onnx
import pytest
from onnx import TensorProto

from roiops import export

SINGLE = {"x": "x", "boxes": "b", "batch": "n", "output": "y", "output_size": (2, 3)}
MULTI = {
    "boxes": "b",
    "batch": "n",
    "levels": "l",
    "xs": ["x0", "x1"],
    "output": "y",
    "output_size": (2, 3),
    "spatial_scales": [0.5, 0.25],
}


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def test_roi_align_node_has_every_attribute():
    node = export.make_roi_align_node(**SINGLE, name="n")
    assert (node.op_type, node.domain, node.name) == ("RoiAlign", "roiops", "n")
    assert (list(node.input), list(node.output)) == (["x", "b", "n"], ["y"])
    assert attributes(node) == {
        "output_height": 2,
        "output_width": 3,
        "spatial_scale": 1.0,
        "sampling_ratio": -1,
        "aligned": 1,
        "mode": b"avg",
        "batch_format": b"boxes_num",
    }


def test_multiscale_node_has_every_attribute():
    node = export.make_multiscale_roi_align_node(
        **MULTI, sampling_ratio=2, aligned=False, mode="max", batch_format="batch_indices"
    )
    assert (node.op_type, node.domain) == ("MultiScaleRoiAlign", "roiops")
    assert list(node.input) == ["b", "n", "l", "x0", "x1"]
    assert attributes(node) == {
        "output_height": 2,
        "output_width": 3,
        "spatial_scales": [0.5, 0.25],
        "sampling_ratio": 2,
        "aligned": 0,
        "mode": b"max",
        "batch_format": b"batch_indices",
    }


def test_roi_pool_node_has_every_attribute():
    node = export.make_roi_pool_node("x", "b", "n", "y", output_size=(2, 3), name="n")
    assert (node.op_type, node.domain, node.name) == ("RoiPool", "roiops", "n")
    assert (list(node.input), list(node.output)) == (["x", "b", "n"], ["y"])
    assert attributes(node) == {
        "output_height": 2,
        "output_width": 3,
        "spatial_scale": 1.0,
        "batch_format": b"boxes_num",
    }


COMMON = [
    ("output_size", 0, ValueError),
    ("output_size", (2,), ValueError),
    ("output_size", 1.5, TypeError),
    ("output_size", 2**31, ValueError),
    ("sampling_ratio", 1.0, TypeError),
    ("aligned", 1, TypeError),
    ("mode", "median", ValueError),
    ("mode", b"avg", TypeError),
    ("batch_format", "counts", ValueError),
    ("boxes", 3, TypeError),
    ("boxes", "", ValueError),
    ("output", None, TypeError),
]
SINGLE_ONLY = [
    ("x", "", ValueError),
    ("spatial_scale", 0.0, ValueError),
    ("spatial_scale", float("nan"), ValueError),
    ("spatial_scale", "1", TypeError),
]
MULTI_ONLY = [
    ("xs", ["x0"], ValueError),
    ("xs", "ab", ValueError),
    ("xs", ["x0", 1], TypeError),
    ("spatial_scales", [], ValueError),
    ("spatial_scales", [1.0, -1.0], ValueError),
    ("spatial_scales", 1.0, TypeError),
]


@pytest.mark.parametrize(
    ("build", "arguments", "name", "value", "kind"),
    [(export.make_roi_align_node, SINGLE, *case) for case in COMMON + SINGLE_ONLY]
    + [(export.make_multiscale_roi_align_node, MULTI, *case) for case in COMMON + MULTI_ONLY],
)
def test_wrong_arguments_are_refused_by_name(build, arguments, name, value, kind):
    with pytest.raises(kind) as caught:
        build(**{**arguments, name: value})
    assert str(caught.value).startswith(name)


@pytest.mark.parametrize(
    "model",
    [
        export.make_roi_align_model(output_size=(2, 3)),
        export.make_multiscale_roi_align_model(output_size=(2, 3), spatial_scales=[1.0, 0.5]),
    ],
    ids=["single", "multiscale"],
)
def test_models_are_within_what_every_supported_runtime_loads(model):
    imports = {entry.domain: entry.version for entry in model.opset_import}
    assert model.ir_version <= 10 and 17 <= imports[""] <= 20 and imports["roiops"] == 1
    output = [d.dim_param or d.dim_value for d in model.graph.output[0].type.tensor_type.shape.dim]
    assert output == ["K", "C", 2, 3]


@pytest.mark.parametrize(
    ("x_type", "boxes_type", "expected"),
    [
        (TensorProto.FLOAT, None, TensorProto.FLOAT),
        (TensorProto.DOUBLE, None, TensorProto.DOUBLE),
        (TensorProto.FLOAT16, None, TensorProto.FLOAT),
        (TensorProto.BFLOAT16, None, TensorProto.FLOAT),
        (TensorProto.FLOAT16, TensorProto.FLOAT16, TensorProto.FLOAT16),
    ],
)
def test_type_of_the_boxes(x_type, boxes_type, expected):
    model = export.make_roi_align_model(output_size=1, x_type=x_type, boxes_type=boxes_type)
    assert [v.type.tensor_type.elem_type for v in model.graph.input] == [x_type, expected, TensorProto.INT64]
    assert model.graph.output[0].type.tensor_type.elem_type == x_type


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_type": TensorProto.INT64}, "^x_type: .*INT64"),
        ({"x_type": 999}, "^x_type: .*999"),
        ({"boxes_type": TensorProto.DOUBLE}, "^boxes_type: .*DOUBLE"),
        ({"batch_type": TensorProto.FLOAT}, "^batch_type: .*FLOAT"),
        ({"opset": 0}, "^opset: .*0"),
    ],
)
def test_wrong_types_are_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        export.make_roi_align_model(output_size=1, **change)
    with pytest.raises(ValueError, match=message):
        export.make_multiscale_roi_align_model(output_size=1, spatial_scales=[1.0], **change)
