"""What add_function_bodies does to a model, and which models it refuses."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from support import one_node_model, run, session

from roiops import export, reference
from roiops.export import PortableError, add_function_bodies
from roiops.export.portable._bodies import BODIES, WITHOUT_BODY
from roiops.export.portable._body import Target
from roiops.operators import OPERATORS

FLOAT, DOUBLE, FLOAT16 = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16


def roi_nodes(model):
    return [node for node in model.graph.node if node.domain == export.DOMAIN]


def two_nodes_model(x_types, opset=17):
    """Two RoiAlign nodes on maps of these element types; UNDEFINED makes the type of a map unknown."""
    nodes, inputs, outputs = [], [("batch", TensorProto.INT64, "N")], []
    for i, x_type in enumerate(x_types):
        known = x_type != TensorProto.UNDEFINED
        given = FLOAT if not known else x_type
        inputs += [(f"X{i}", given, "NCHW"), (f"boxes{i}", given, ["K", 4])]
        outputs.append((f"Y{i}", given, None))
        x = f"X{i}" if known else f"Z{i}"
        if not known:
            nodes.append(helper.make_node("NoSchema", [f"X{i}"], [x], domain="elsewhere"))
        nodes.append(
            export.make_roi_align_node(x, f"boxes{i}", "batch", f"Y{i}", output_size=2, name=f"pool{i}")
        )
    model = one_node_model(nodes, inputs, outputs, opset)
    model.opset_import.append(helper.make_opsetid("elsewhere", 1))
    return model


def test_the_model_given_is_not_changed():
    model = export.make_roi_align_model(output_size=2)
    before = model.SerializeToString()
    add_function_bodies(model)
    assert model.SerializeToString() == before


def test_a_model_without_our_nodes_is_returned_as_it_is():
    relu = helper.make_node("Relu", ["X"], ["Y"])
    model = one_node_model([relu], [("X", FLOAT, [1])], [("Y", FLOAT, [1])], opset=9)
    assert add_function_bodies(model) == model


def test_interface_and_names_stay():
    model = export.make_roi_align_model(output_size=2, name="pool", sampling_ratio=2)
    portable = add_function_bodies(model)
    assert portable.graph.input == model.graph.input
    assert portable.graph.output == model.graph.output
    (node,) = roi_nodes(portable)
    assert (node.name, list(node.output)) == ("pool", ["Y"])


def test_every_attribute_is_written_out():
    node = helper.make_node(
        "RoiAlign", ["X", "boxes", "batch"], ["Y"], domain=export.DOMAIN, output_height=2, output_width=3
    )
    inputs = [("X", FLOAT, "NCHW"), ("boxes", FLOAT, ["K", 4]), ("batch", TensorProto.INT64, "N")]
    model = add_function_bodies(one_node_model([node], inputs, [("Y", FLOAT, None)]))
    values = {a.name: helper.get_attribute_value(a) for a in roi_nodes(model)[0].attribute}
    assert values == {
        "output_height": 2,
        "output_width": 3,
        "spatial_scale": 1.0,
        "sampling_ratio": -1,
        "aligned": 1,
        "mode": b"avg",
        "batch_format": b"batch_indices",
    }


def test_doing_it_twice_changes_nothing():
    once = add_function_bodies(export.make_roi_align_model(output_size=2))
    assert add_function_bodies(once) == once


def test_one_body_per_operator():
    model = add_function_bodies(two_nodes_model([FLOAT, FLOAT]))
    assert [(f.domain, f.name, f.overload) for f in model.functions] == [(export.DOMAIN, "RoiAlign", "")]


def test_functions_raise_the_ir_version():
    model = export.make_roi_align_model(output_size=2)
    model.ir_version = 4
    assert add_function_bodies(model).ir_version == 8


@pytest.mark.parametrize("opset", [10, 11])
def test_old_opsets_are_converted(opset):
    model = export.make_roi_align_model(output_size=2, opset=opset)
    model.graph.node.append(helper.make_node("Dropout", ["Y"], ["D"], ratio=0.25))
    model.graph.node.append(helper.make_node("Clip", ["D"], ["Z"], **({"min": 0.0} if opset < 11 else {})))
    model.graph.output[0].name = "Z"
    portable = add_function_bodies(model)
    assert {entry.domain: entry.version for entry in portable.opset_import}[""] == 12
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 2, 8, 8)).astype(np.float32)
    boxes = np.array([[0, 1, 5, 7]], np.float32)
    expected = reference.roi_align(x, boxes, [1], 2)
    expected = np.maximum(expected, 0) if opset < 11 else expected
    for plugin in (False, True):
        y = run(portable, {"X": x, "boxes": boxes, "batch": np.array([1])}, plugin=plugin)
        np.testing.assert_allclose(y, expected, atol=1e-6)


def test_external_data_below_opset_12_is_refused():
    model = export.make_roi_align_model(output_size=2, opset=11)
    tensor = TensorProto(name="w", data_type=FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="w.bin")
    model.graph.initializer.append(tensor)
    with pytest.raises(PortableError, match="opset 12 or later, got 11.*external data"):
        add_function_bodies(model)


def test_an_operator_that_cannot_be_converted_is_refused():
    model = export.make_roi_align_model(output_size=2, opset=8)
    model.graph.node.append(helper.make_node("Upsample", ["Y", "s"], ["Z"]))
    with pytest.raises(PortableError, match="opset_import: expected opset 12 or later, got 8"):
        add_function_bodies(model)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (export.make_roi_pool_model, "MaxRoiPool is no body for it: .* float32 and below opset 22 only"),
        (export.make_roi_align_rotated_model, "no standard operator knows rotated boxes"),
    ],
)
def test_operators_without_a_body_are_refused_with_the_reason(make, reason):
    with pytest.raises(PortableError, match=f"^node 'head' .roiops::.*no equivalent: .*{reason}"):
        add_function_bodies(make(output_size=2, name="head"))


def test_every_operator_has_a_body_or_a_reason_why_not():
    assert not BODIES.keys() & WITHOUT_BODY.keys()
    assert BODIES.keys() | WITHOUT_BODY.keys() == OPERATORS.keys()


def test_a_model_without_standard_opset_is_refused():
    model = export.make_roi_align_model(output_size=2)
    del model.opset_import[0]
    with pytest.raises(PortableError, match="opset_import"):
        add_function_bodies(model)


def with_attribute(**attributes):
    model = export.make_roi_align_model(output_size=2, name="pool")
    node = model.graph.node[0]
    kept = [attribute for attribute in node.attribute if attribute.name not in attributes]
    del node.attribute[:]
    node.attribute.extend(kept)
    node.attribute.extend(
        helper.make_attribute(name, value) for name, value in attributes.items() if value is not None
    )
    return model


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"mode": "max"}, "mode: .*max"),
        ({"mode": "median"}, "mode: .*median"),
        ({"output_height": None}, "output_height: .*none"),
        ({"output_width": 0}, "output_width: .*0"),
        ({"aligned": 2}, "aligned: .*2"),
        ({"spatial_scale": 0.0}, "spatial_scale: .*0"),
        ({"batch_format": "rows"}, "batch_format: .*rows"),
        ({"half_pixel": 1}, "half_pixel"),
    ],
    ids=str,
)
def test_wrong_attributes_are_refused(attributes, message):
    with pytest.raises(PortableError, match=f"'pool' .*RoiAlign.*{message}"):
        add_function_bodies(with_attribute(**attributes))


def test_attributes_of_an_enclosing_function_are_refused():
    node = export.make_roi_align_node("x", "b", "n", "y", output_size=3, name="inner")
    scale = next(attribute for attribute in node.attribute if attribute.name == "spatial_scale")
    scale.CopyFrom(onnx.AttributeProto(name=scale.name, type=scale.type, ref_attr_name="scale"))
    model = export.make_roi_align_model(output_size=2)
    imports = list(model.opset_import)
    model.functions.append(
        helper.make_function("mine", "Pool", ["x", "b", "n"], ["y"], [node], imports, ["scale"])
    )
    with pytest.raises(PortableError, match="'inner'.*spatial_scale: .*enclosing function"):
        add_function_bodies(model)


@pytest.mark.parametrize("change", ["inputs", "scales"])
def test_malformed_poolers_are_refused(change):
    model = export.make_multiscale_roi_align_model(output_size=2, spatial_scales=[1, 0.5], name="pool")
    node = model.graph.node[0]
    if change == "inputs":
        del node.input[3:]
    else:
        next(a for a in node.attribute if a.name == "spatial_scales").floats.append(0.25)
    with pytest.raises(PortableError, match="'pool'"):
        add_function_bodies(model)


def test_mixed_element_types_are_refused():
    with pytest.raises(PortableError, match="FLOAT at node 'pool0'.*DOUBLE at node 'pool1'"):
        add_function_bodies(two_nodes_model([FLOAT, DOUBLE]))


def test_an_unknown_element_type_is_taken_for_that_of_the_others_unless_16_bit():
    unknown = TensorProto.UNDEFINED
    assert len(add_function_bodies(two_nodes_model([unknown, DOUBLE])).functions) == 1
    with pytest.raises(PortableError, match="'pool0'.*element type"):
        add_function_bodies(two_nodes_model([unknown, FLOAT16]))


@pytest.mark.parametrize(("assumed", "actual"), [(FLOAT, DOUBLE), (DOUBLE, FLOAT)], ids=str)
def test_a_body_for_another_element_type_does_not_load(assumed, actual):
    """Which is why an unknown type may be assumed."""
    model = export.make_roi_align_model(output_size=2, batch_format="batch_indices", x_type=actual)
    target = Target({"features": assumed, "boxes": TensorProto.UNDEFINED}, opset=17, maps=1, choices={})
    model.functions.append(BODIES["RoiAlign"].write(target))
    with pytest.raises(Exception, match="[Tt]ype"):
        session(model, plugin=False)
