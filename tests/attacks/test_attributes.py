"""Attributes that are missing, negative, huge, not a number or of another type."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from attacks.hostile import LOAD, OPERATORS, RUN, X, assert_refused, model, needs_bad_alloc, run, session
from onnx import TensorProto, helper

INT32_MAX, INT64_MAX, INT64_MIN = 2**31 - 1, 2**63 - 1, -(2**63)
NAN, INF = float("nan"), float("inf")
OURS = ("RoiAlign", "MultiScaleRoiAlign")


def no_floats(name: str) -> onnx.AttributeProto:
    return helper.make_attribute(name, [], attr_type=onnx.AttributeProto.FLOATS)


def of_every_other_type(kind: int) -> list:
    """A value of each attribute type but one, including those that the operator interface cannot read."""
    values = {
        onnx.AttributeProto.INT: 1,
        onnx.AttributeProto.FLOAT: 1.0,
        onnx.AttributeProto.STRING: "avg",
        onnx.AttributeProto.INTS: [1],
        onnx.AttributeProto.FLOATS: [1.0, 0.5],
        onnx.AttributeProto.STRINGS: ["avg"],
        onnx.AttributeProto.TENSOR: helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0]),
        onnx.AttributeProto.TENSORS: [helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0])],
        onnx.AttributeProto.GRAPH: helper.make_graph([], "sub", [], []),
    }
    return [value for key, value in values.items() if key != kind]


def strings_but(wanted: str) -> list:
    """Strings that no attribute may be, each with what the message says."""
    return [
        ("", '""', wanted),
        ("sum", '"sum"', wanted),
        (b"avg\0max", r'"avg\x00max"', wanted),
        (b"\xff\xfe\xc3", r'"\xff\xfe\xc3"', wanted),
        ("x" * 10_000_000, f'"{"x" * 64}..."', wanted),
    ]


def refused(operators, name, *cases):
    return [(operator, name, value, words) for operator in operators for value, *words in cases]


SIZES = [
    (0, "is 0", "between 1 and 2147483647"),
    (-1, "is -1", "between 1"),
    (INT64_MIN, "-9223372036854775808"),
    (2**31, "is 2147483648"),
    (INT64_MAX, "9223372036854775807"),
]
SCALES = [
    (0.0, "is 0", "greater than 0"),
    (-0.0, "is -0"),
    (-1.0, "is -1"),
    (NAN, "nan"),
    (INF, "inf"),
    (-INF, "-inf"),
]
ATTACKS = [
    *refused(OPERATORS, "output_height", *SIZES),
    *refused(OPERATORS, "output_width", *SIZES),
    *refused(OURS, "output_height", (None, "is missing", "required")),
    *refused(OURS, "output_width", (None, "is missing", "required")),
    *refused(["RoiAlign", "standard RoiAlign"], "spatial_scale", *SCALES),
    *refused(
        ["MultiScaleRoiAlign"],
        "spatial_scales",
        (None, "is missing"),
        (no_floats("spatial_scales"), "has 0 elements", "2 feature maps"),
        ([1.0], "has 1 elements"),
        ([1.0] * 3, "has 3 elements"),
        ([1.0] * 100000, "has 100000 elements"),
        *[([1.0, value], *words) for value, *words in SCALES],
    ),
    *refused(OURS, "aligned", (2, "is 2", "0 or 1"), (-1, "is -1"), (INT64_MIN, "-9223372036854775808")),
    *refused(OPERATORS, "mode", *strings_but('"avg" or "max"')),
    *refused(OURS, "mode", ("MAX", '"MAX"')),
    *refused(OURS, "batch_format", *strings_but('"boxes_num" or "batch_indices"')),
    *refused(
        ["standard RoiAlign"],
        "sampling_ratio",
        (-1, "is -1", "negative"),
        (INT64_MIN, "-9223372036854775808"),
    ),
    *refused(
        ["standard RoiAlign"],
        "coordinate_transformation_mode",
        *strings_but('"half_pixel" or "output_half_pixel"'),
        ("HALF_PIXEL", '"HALF_PIXEL"'),
    ),
]
KINDS = {
    "output_height": onnx.AttributeProto.INT,
    "output_width": onnx.AttributeProto.INT,
    "sampling_ratio": onnx.AttributeProto.INT,
    "mode": onnx.AttributeProto.STRING,
}
KINDS_OF_OURS = {
    **KINDS,
    "aligned": onnx.AttributeProto.INT,
    "batch_format": onnx.AttributeProto.STRING,
}
KINDS_OF = {
    "RoiAlign": {**KINDS_OF_OURS, "spatial_scale": onnx.AttributeProto.FLOAT},
    "MultiScaleRoiAlign": {**KINDS_OF_OURS, "spatial_scales": onnx.AttributeProto.FLOATS},
    "standard RoiAlign": {
        **KINDS,
        "spatial_scale": onnx.AttributeProto.FLOAT,
        "coordinate_transformation_mode": onnx.AttributeProto.STRING,
    },
}


@pytest.mark.parametrize(("operator", "name", "value", "words"), ATTACKS)
def test_value(operator, name, value, words):
    assert_refused(LOAD, f"attribute '{name}'", lambda: session(model(operator, **{name: value})), *words)


@pytest.mark.parametrize(
    ("operator", "name"), [(operator, name) for operator, kinds in KINDS_OF.items() for name in kinds]
)
def test_type(operator, name):
    # ONNX Runtime reads any other attribute as a list of no floats.
    fault = "has 0 elements" if name == "spatial_scales" else "has the wrong type"
    for value in of_every_other_type(KINDS_OF[operator][name]):
        assert_refused(
            LOAD,
            f"attribute '{name}'",
            lambda value=value: session(model(operator, **{name: value})),
            fault,
        )


@pytest.mark.parametrize("operator", OURS)
def test_any_sampling_ratio_is_bounded_work(operator):
    adaptive = run(operator, sampling_ratio=-1)
    for ratio in (0, INT64_MIN, -INT32_MAX):
        np.testing.assert_array_equal(run(operator, sampling_ratio=ratio), adaptive)
    dense = run(operator, sampling_ratio=4096)
    for ratio in (10**6, INT32_MAX, INT32_MAX + 1, INT64_MAX):
        np.testing.assert_allclose(run(operator, sampling_ratio=ratio), dense, atol=1e-4)


def test_absurd_scales_are_bounded_work():
    for scale in (1e-45, 1e-38, 1e30, 3e38):
        for ratio in (-1, 0, 2, INT64_MAX):
            y = run("RoiAlign", spatial_scale=scale, sampling_ratio=ratio)
            assert np.isfinite(y).all() and np.abs(y).max() <= np.abs(X).max()


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize(
    ("height", "width", "words"),
    [
        (INT32_MAX, INT32_MAX, "fewer than 2^63 bytes"),
        pytest.param(2**30, 2**27, "cannot be allocated", marks=needs_bad_alloc),
        pytest.param(2**20, 2**20, "cannot be allocated", marks=needs_bad_alloc),
    ],
)
def test_output_larger_than_memory(operator, height, width, words):
    assert_refused(
        RUN,
        "output 0",
        lambda: run(operator, output_height=height, output_width=width),
        str(height),
        words,
    )


def test_sizes_of_the_standard_operator_default_to_one():
    y = run("standard RoiAlign", output_height=None, output_width=None)
    np.testing.assert_array_equal(y, run("standard RoiAlign", output_height=1, output_width=1))


@pytest.mark.parametrize("operator", OPERATORS)
def test_unknown_attributes_are_ignored(operator):
    np.testing.assert_array_equal(run(operator, sampling_ration=7), run(operator))
