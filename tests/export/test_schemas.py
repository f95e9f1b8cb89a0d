"""Checker, shape inference, reference evaluator and onnxscript know our operators."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, checker, defs, helper, shape_inference
from onnx.reference import ReferenceEvaluator
from support import run

from roiops import export, reference
from roiops.operators import OPERATORS
from roiops.reference_ops import OPS

export.register_schemas()
X = np.random.default_rng(0).standard_normal((2, 3, 9, 11)).astype(np.float32)
BOXES = np.array([[0.5, 1.0, 7.0, 8.5], [2.0, 2.0, 4.0, 9.0], [-3.0, 1.0, 5.0, 5.0]], np.float32)
COUNTS = np.array([2, 1])
LEVELS = np.array([1, 0, 1])


MODELS = [
    export.make_roi_align_model(output_size=(2, 3)),
    export.make_roi_align_model(
        output_size=1,
        x_type=TensorProto.BFLOAT16,
        batch_type=TensorProto.INT32,
        mode="max",
        batch_format="batch_indices",
    ),
    export.make_multiscale_roi_align_model(output_size=(2, 3), spatial_scales=[1.0, 0.5]),
    export.make_multiscale_roi_align_model(
        output_size=2, spatial_scales=[1.0], x_type=TensorProto.DOUBLE, opset=20
    ),
]


@pytest.mark.parametrize("model", MODELS)
def test_checker_with_custom_domains(model):
    checker.check_model(model, full_check=True, check_custom_domain=True)


@pytest.mark.parametrize("model", MODELS)
def test_shape_inference(model):
    declared = onnx.ValueInfoProto.FromString(model.graph.output[0].SerializeToString())
    model.graph.output[0].type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    assert inferred.graph.output[0] == declared


def test_shape_inference_keeps_what_is_known_and_leaves_the_rest():
    model = export.make_roi_align_model(output_size=(2, 3))
    for value in [model.graph.input[0], model.graph.output[0]]:
        value.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    dims = inferred.graph.output[0].type.tensor_type.shape.dim
    assert (dims[0].dim_param, dims[2].dim_value, dims[3].dim_value) == ("K", 2, 3)
    assert not dims[1].HasField("dim_value")


def test_registering_again_changes_nothing():
    before = [str(schema) for schema in defs.get_all_schemas() if schema.domain == "roiops"]
    export.register_schemas()
    assert [str(schema) for schema in defs.get_all_schemas() if schema.domain == "roiops"] == before
    assert len(before) == len(OPERATORS)


def attribute_removed(model):
    del model.graph.node[0].attribute[0]


def attribute_added(model):
    model.graph.node[0].attribute.append(helper.make_attribute("scale", 1.0))


def attribute_of_another_type(model):
    model.graph.node[0].attribute[0].CopyFrom(helper.make_attribute("output_height", 2.0))


def input_removed(model):
    model.graph.node[0].input.pop()


def boxes_of_another_type(model):
    model.graph.input[1].type.tensor_type.elem_type = TensorProto.DOUBLE


def counts_of_another_type(model):
    model.graph.input[2].type.tensor_type.elem_type = TensorProto.FLOAT


def features_of_rank_3(model):
    model.graph.input[0].type.tensor_type.shape.dim.pop()


@pytest.mark.parametrize(
    "spoil",
    [
        attribute_removed,
        attribute_added,
        attribute_of_another_type,
        input_removed,
        boxes_of_another_type,
        counts_of_another_type,
        features_of_rank_3,
    ],
)
def test_checker_rejects(spoil):
    model = export.make_roi_align_model(output_size=(2, 3))
    names = [a.name for a in model.graph.node[0].attribute]
    first = names.index("output_height")
    model.graph.node[0].attribute.insert(0, model.graph.node[0].attribute.pop(first))
    checker.check_model(model, full_check=True, check_custom_domain=True)
    spoil(model)
    with pytest.raises((checker.ValidationError, shape_inference.InferenceError)):
        checker.check_model(model, full_check=True, check_custom_domain=True)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("aligned", [True, False])
def test_reference_evaluator(aligned, mode):
    model = export.make_roi_align_model(output_size=(2, 3), spatial_scale=0.5, aligned=aligned, mode=mode)
    feeds = {"X": X, "boxes": BOXES, "batch": COUNTS}
    (y,) = ReferenceEvaluator(model, new_ops=list(OPS)).run(None, feeds)
    assert y.dtype == np.float32
    expected = reference.roi_align(X, BOXES, COUNTS, (2, 3), 0.5, aligned=aligned, mode=mode)
    np.testing.assert_array_equal(y, expected.astype(np.float32))
    np.testing.assert_allclose(y, run(model, feeds), atol=1e-5)


def test_reference_evaluator_takes_our_defaults_not_those_of_the_standard_operator():
    model = export.make_roi_align_model(output_size=2)
    node = model.graph.node[0]
    kept = [a for a in node.attribute if a.name.startswith("output_")]
    del node.attribute[:]
    node.attribute.extend(kept)
    (y,) = ReferenceEvaluator(model, new_ops=list(OPS)).run(None, {"X": X, "boxes": BOXES, "batch": COUNTS})
    np.testing.assert_allclose(y, reference.roi_align(X, BOXES, COUNTS, 2), rtol=1e-6)


def test_reference_evaluator_multiscale():
    model = export.make_multiscale_roi_align_model(output_size=(2, 3), spatial_scales=[1.0, 0.5])
    feeds = {"X_0": X, "X_1": X[:, :, ::2, ::2].copy(), "boxes": BOXES, "batch": COUNTS, "levels": LEVELS}
    (y,) = ReferenceEvaluator(model, new_ops=list(OPS)).run(None, feeds)
    np.testing.assert_allclose(y, run(model, feeds), atol=1e-5)
