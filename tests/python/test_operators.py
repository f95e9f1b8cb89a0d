"""The table of operators: what parameters take, how attributes hold them, what it says of types."""

from __future__ import annotations

import importlib
import inspect

import numpy as np
import pytest

from roiops.operators import DOMAIN, MULTI_SCALE_ROI_ALIGN, OPERATORS, ROI_ALIGN, VERSION, _boxes
from roiops.operators._operator import ByAttribute, Input, Operator, Output, TypeVariable, box_types, resolve
from roiops.operators._parameters import Choice, Flag, Float, Floats, Int, Size

WRITTEN = {
    "output_height": 2,
    "output_width": 3,
    "spatial_scale": 1.0,
    "sampling_ratio": -1,
    "aligned": 1,
    "mode": "avg",
    "batch_format": "boxes_num",
}
KINDS = {int: "INT", float: "FLOAT", str: "STRING", bytes: "STRING"}


def typed(attributes):
    return {name: (KINDS[type(value)], value) for name, value in attributes.items()}


def test_the_table_is_of_one_domain_and_version():
    assert {(o.domain, o.version) for o in OPERATORS.values()} == {(DOMAIN, VERSION)}
    assert all(name == operator.name for name, operator in OPERATORS.items())


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
def test_every_entry_is_consistent(operator):
    variables = {v.name for v in operator.types}
    attributes = {a.name: a for a in operator.attributes}
    assert len(attributes) == len(operator.attributes)
    assert not any(given.variadic for given in operator.inputs[:-1])
    for value in (*operator.inputs, *operator.outputs):
        assert value.type in variables or value.type == np.dtype(value.type).name
        if isinstance(value.shape, ByAttribute):
            choices = next(p.choices for p in operator.parameters if p.name == value.shape.attribute)
            assert set(value.shape.cases) == set(choices)
    for parameter in operator.parameters:
        assert parameter.doc and not (parameter.required and parameter.default is not None)
        if parameter.default is not None:
            assert parameter.check(parameter.default) == parameter.default
            assert parameter.read(parameter.write(parameter.default)) == parameter.default


def test_arguments_become_attributes_and_come_back():
    arguments = ROI_ALIGN.check(output_size=(2, 3))
    assert ROI_ALIGN.write(arguments) == WRITTEN
    assert ROI_ALIGN.read(typed(WRITTEN)) == arguments
    assert ROI_ALIGN.read(typed({"output_height": 2, "output_width": 3})) == arguments
    assert ROI_ALIGN.read(typed({**WRITTEN, "mode": b"max", "aligned": 0})) == {
        **arguments,
        "mode": "max",
        "aligned": False,
    }


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"scale": ("FLOAT", 1.0)}, "^scale: RoiAlign has no such attribute"),
        ({"output_height": ("FLOAT", 2.0)}, "^output_height: expected an attribute of type INT, got FLOAT"),
        ({"mode": ("STRING", b"\xff")}, "^mode: expected one of 'avg', 'max'"),
        ({"aligned": ("INT", 2)}, "^aligned: expected an int between 0 and 1, got 2"),
        ({"spatial_scale": ("FLOAT", float("inf"))}, "^spatial_scale: .*finite number > 0"),
        ({"output_width": ("INT", 0)}, "^output_width: "),
    ],
)
def test_wrong_attributes_are_refused_by_name(attributes, message):
    with pytest.raises(ValueError, match=message):
        ROI_ALIGN.read({**typed(WRITTEN), **attributes})


def test_a_required_attribute_that_is_missing_is_refused_by_name():
    with pytest.raises(ValueError, match="^output_width: expected a value, got none"):
        ROI_ALIGN.read(typed({"output_height": 2}))


def test_unknown_and_missing_arguments_are_refused_by_name():
    with pytest.raises(TypeError, match="^scale: RoiAlign has no such parameter"):
        ROI_ALIGN.check(output_size=2, scale=1.0)
    with pytest.raises(ValueError, match="^output_size: expected a value, got none"):
        ROI_ALIGN.check()


@pytest.mark.parametrize(
    ("parameter", "value", "checked"),
    [
        (Int("n", "", 0, low=0, high=3), np.int64(3), 3),
        (Flag("f", "", False), np.bool_(True), True),
        (Float("t", "", 0.1), 1, 1.0),
        (Float("t", "", 0.1), 0.1, float(np.float32(0.1))),
        (Float("t", ""), None, None),
        (Floats("s", "", required=True, per="map"), np.array([1, 2]), (1.0, 2.0)),
        (Choice("c", "", "a", choices=("a", "b")), "b", "b"),
        (Size("s", "", required=True, height="h", width="w"), 4, (4, 4)),
        (Size("s", "", required=True, height="h", width="w"), np.array([4, 5]), (4, 5)),
    ],
)
def test_values_are_brought_into_one_form(parameter, value, checked):
    result = parameter.check(value)
    assert result == checked and type(result) is type(checked)


@pytest.mark.parametrize(
    ("parameter", "value", "kind", "message"),
    [
        (Int("n", "", 0, low=0, high=3), 4, ValueError, "^n: expected an int between 0 and 3, got 4"),
        (Int("n", "", 0), None, TypeError, "^n: expected an int, got NoneType"),
        (Float("t", "", 0.1), float("nan"), ValueError, "^t: expected a finite number that"),
        (Float("t", "", 0.1, above=0), 0, ValueError, "^t: expected a finite number > 0"),
        (Float("t", "", required=True), None, TypeError, "^t: expected a number"),
        (Floats("s", "", required=True, per="map"), [], ValueError, "^s: expected one number per map"),
        (Floats("s", "", required=True), [1.0, "a"], TypeError, r"^s\[1\]: "),
        (Choice("c", "", "a", choices=("a", "b")), "d", ValueError, "^c: expected one of 'a', 'b', got 'd'"),
    ],
)
def test_impossible_values_are_refused_by_name(parameter, value, kind, message):
    with pytest.raises(kind, match=message):
        parameter.check(value)


def test_a_parameter_that_may_be_absent_writes_no_attribute():
    threshold = Float("threshold", "")
    assert threshold.write(threshold.check(None)) == {}
    assert threshold.read({}) is None
    assert threshold.write(threshold.check(0.5)) == {"threshold": 0.5}


def test_boxes_of_16_bit_features_may_be_float32():
    assert box_types("float16") == ("float32", "float16")
    assert box_types("float64") == ("float64",)
    assert ROI_ALIGN.allowed_types("B", {"T": "bfloat16"}) == ("float32", "bfloat16")
    assert ROI_ALIGN.allowed_types("B", {}) == ROI_ALIGN.allowed_types("T", {})
    assert ROI_ALIGN.allowed_types("int64", {}) == ("int64",)


def test_what_an_attribute_decides():
    assert resolve(_boxes.BATCH.shape, {"batch_format": "boxes_num"}) == ("N",)
    assert resolve(_boxes.BATCH.shape, {"batch_format": "batch_indices"}) == ("K",)
    assert resolve(_boxes.BATCH.shape, {}) is None
    assert resolve(("K",), {}) == ("K",)


def test_other_kinds_of_operators_can_be_said():
    """Several outputs, optional inputs, boxes (K, 5), other types, and types that an attribute decides."""
    operator = Operator(
        name="Suppress",
        doc="Doc.",
        inputs=(
            Input("boxes", "T", ("K", 5), "Boxes.", role="boxes"),
            Input("labels", "int64", ("K",), "Labels.", optional=True),
        ),
        outputs=(
            Output("kept", "int64", ("L", 3), "Kept."),
            Output("mask", "M", ("K",), "Mask.", ByAttribute("output", {"soft": "T", "bool": "bool"})),
        ),
        types=(
            TypeVariable("T", ("float32", "float64"), "Boxes."),
            TypeVariable("M", ("float32", "float64", "bool"), "Mask."),
        ),
        parameters=(
            Choice("output", "Which mask.", "soft", choices=("soft", "bool")),
            Float("threshold", "Absent: all."),
        ),
    )
    arguments = operator.check(output="bool")
    assert operator.write(arguments) == {"output": "bool"}
    assert resolve(operator.outputs[1].type_by, operator.write(arguments)) == "bool"
    assert operator.index("boxes") == 0 and operator.inputs[0].argument == "boxes"


SIGNATURES = [
    (ROI_ALIGN, "roiops", "roi_align"),
    (ROI_ALIGN, "roiops.reference", "roi_align"),
    (ROI_ALIGN, "roiops.export", "make_roi_align_node"),
    (ROI_ALIGN, "roiops.export", "make_roi_align_model"),
    (MULTI_SCALE_ROI_ALIGN, "roiops", "multiscale_roi_align"),
    (MULTI_SCALE_ROI_ALIGN, "roiops.reference", "multiscale_roi_align"),
    (MULTI_SCALE_ROI_ALIGN, "roiops.export", "make_multiscale_roi_align_node"),
    (MULTI_SCALE_ROI_ALIGN, "roiops.export", "make_multiscale_roi_align_model"),
]


@pytest.mark.parametrize(("operator", "module", "name"), SIGNATURES)
def test_public_functions_have_the_defaults_of_the_table(operator, module, name):
    found = inspect.signature(getattr(importlib.import_module(module), name)).parameters
    compared = [p for p in operator.parameters if p.name in found]
    assert len(compared) >= 5
    for parameter in compared:
        default = found[parameter.name].default
        assert default == (inspect.Parameter.empty if parameter.required else parameter.default)
