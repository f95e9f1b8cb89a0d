"""Every refused input and attribute in a raw model: the message names the node and the culprit."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
from support import run, session

from roiops import export

NODE = "my pooler"
X = np.ones((2, 3, 8, 8), np.float32)
BOXES = np.array([[0, 0, 4, 4], [1, 1, 5, 6], [2, 0, 7, 7]], np.float32)
COUNTS = np.array([1, 2])
NAN, INF = float("nan"), float("inf")


def unshaped(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without declared shapes: ONNX Runtime then leaves the checks to the operator."""
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.ClearField("shape")
    return model


def single(**attributes) -> onnx.ModelProto:
    return unshaped(export.make_roi_align_model(output_size=2, name=NODE, **attributes))


def multiscale(**attributes) -> onnx.ModelProto:
    return unshaped(
        export.make_multiscale_roi_align_model(
            output_size=2, spatial_scales=[1.0, 0.5], name=NODE, **attributes
        )
    )


def with_attribute(model: onnx.ModelProto, name: str, value) -> onnx.ModelProto:
    """Replace an attribute by any value, or remove it if the value is None, past the builder's checks."""
    node = model.graph.node[0]
    kept = [a for a in node.attribute if a.name != name]
    del node.attribute[:]
    node.attribute.extend(kept)
    if value is not None:
        node.attribute.append(helper.make_attribute(name, value))
    return model


def refused(model: onnx.ModelProto, feeds: dict, *parts: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        run(model, feeds)
    for part in (NODE, *parts):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"X": X[0]}, ["'X'", "(3, 8, 8)", "4 dimensions"]),
        ({"X": X[None]}, ["'X'", "(1, 2, 3, 8, 8)"]),
        ({"X": np.empty((2, 0, 2**31, 1), np.float32)}, ["'X'", "2147483648", "below 2^31"]),
        ({"boxes": BOXES[0]}, ["'boxes'", "(4)", "(number of boxes, 4)"]),
        ({"boxes": np.zeros((3, 5), np.float32)}, ["'boxes'", "(3, 5)"]),
        ({"boxes": np.array(1.0, np.float32)}, ["'boxes'", "()"]),
        ({"batch": np.array([3])}, ["'batch'", "(1)", "(2)"]),
        ({"batch": np.array([[1, 2]])}, ["'batch'", "(1, 2)"]),
        ({"batch": np.array([-1, 4])}, ["'batch'", "element 0 is -1", "negative"]),
        ({"batch": np.array([4, -1])}, ["'batch'", "3 boxes"]),
        ({"batch": np.array([1, 1])}, ["'batch'", "sum to 2", "3"]),
        ({"batch": np.array([2, 2])}, ["'batch'", "sum", "3"]),
        ({"batch": np.array([2**63 - 1, 2**63 - 1])}, ["'batch'", "sum", "3"]),
        ({"batch": np.array([-(2**63), 3])}, ["'batch'", "element 0"]),
    ],
)
def test_data_of_roi_align(change, parts):
    refused(single(), {"X": X, "boxes": BOXES, "batch": COUNTS, **change}, *parts)


@pytest.mark.parametrize("value", [NAN, INF, -INF])
@pytest.mark.parametrize("column", range(4))
def test_boxes_that_are_not_finite(value, column):
    boxes = BOXES.copy()
    boxes[1, column] = value
    refused(single(), {"X": X, "boxes": boxes, "batch": COUNTS}, "'boxes'", "box 1", "finite")


@pytest.mark.parametrize("index", [-1, 2, 2**40, -(2**63)])
def test_batch_indices_out_of_range(index):
    model = single(batch_format="batch_indices")
    feeds = {"X": X, "boxes": BOXES, "batch": np.array([0, index, 1])}
    refused(model, feeds, "'batch'", f"element 1 is {index}", "2 images")


def test_batch_indices_of_the_wrong_length():
    model = single(batch_format="batch_indices")
    refused(model, {"X": X, "boxes": BOXES, "batch": COUNTS}, "'batch'", "(2)", "(3)")


def test_output_that_cannot_be_addressed():
    model = with_attribute(single(), "output_height", 2**31 - 1)
    model = with_attribute(model, "output_width", 2**31 - 1)
    with pytest.raises(InvalidArgument, match=rf"{NODE}.*output.*2\^63 bytes"):
        run(model, {"X": X, "boxes": BOXES, "batch": COUNTS})


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"levels": np.array([0, 2, 1])}, ["'levels'", "element 1 is 2", "2 feature maps"]),
        ({"levels": np.array([0, 1, -1])}, ["'levels'", "element 2 is -1"]),
        ({"levels": np.array([0, 1])}, ["'levels'", "(2)", "(3)"]),
        ({"levels": np.array([[0, 1, 1]])}, ["'levels'", "(1, 3)"]),
        ({"X_1": X[:1]}, ["'X_1'", "1 images", "'X_0'"]),
        ({"X_1": X[:, :2]}, ["'X_1'", "2 channels", "'X_0'"]),
        ({"X_1": X[0]}, ["'X_1'", "(3, 8, 8)"]),
        ({"boxes": BOXES * NAN}, ["'boxes'", "box 0", "finite"]),
        ({"batch": np.array([5, -2])}, ["'batch'"]),
    ],
)
def test_data_of_multiscale_roi_align(change, parts):
    feeds = {"X_0": X, "X_1": X, "boxes": BOXES, "batch": COUNTS, "levels": np.array([0, 1, 1]), **change}
    refused(multiscale(), feeds, *parts)


COMMON_ATTRIBUTES = [
    ("output_height", None, "required"),
    ("output_width", None, "required"),
    ("output_height", 0, "is 0"),
    ("output_width", -3, "is -3"),
    ("output_width", 2**31, "is 2147483648"),
    ("output_height", 2.0, "integer"),
    ("sampling_ratio", 2.0, "integer"),
    ("sampling_ratio", "2", "integer"),
    ("aligned", 2, "is 2"),
    ("aligned", "yes", "integer"),
    ("mode", "median", '"median"'),
    ("mode", "AVG", '"AVG"'),
    ("mode", 1, "string"),
    ("batch_format", "counts", '"counts"'),
    ("batch_format", [1, 2], "string"),
]
SINGLE_ATTRIBUTES = [
    ("spatial_scale", 0.0, "is 0"),
    ("spatial_scale", -0.25, "is -0.25"),
    ("spatial_scale", NAN, "nan"),
    ("spatial_scale", INF, "inf"),
    ("spatial_scale", 1, "float"),
    ("spatial_scale", [1.0], "float"),
]
MULTISCALE_ATTRIBUTES = [
    ("spatial_scales", None, "required"),
    ("spatial_scales", [1.0], "has 1"),
    ("spatial_scales", [1.0, 0.5, 0.25], "has 3"),
    ("spatial_scales", [1.0, 0.0], "is 0"),
    ("spatial_scales", [NAN, 1.0], "nan"),
    ("spatial_scales", 1.0, "has 0"),
]


@pytest.mark.parametrize(
    ("make", "name", "value", "part"),
    [(single, *case) for case in COMMON_ATTRIBUTES + SINGLE_ATTRIBUTES]
    + [(multiscale, *case) for case in COMMON_ATTRIBUTES + MULTISCALE_ATTRIBUTES],
)
def test_attributes(make, name, value, part):
    with pytest.raises(Exception) as caught:
        session(with_attribute(make(), name, value))
    for expected in (NODE, f"'{name}'", part):
        assert expected in str(caught.value)


def test_a_session_still_works_after_an_error():
    made = session(single())
    good = {"X": X, "boxes": BOXES, "batch": COUNTS}
    with pytest.raises(InvalidArgument):
        made.run(None, {**good, "boxes": BOXES * NAN})
    np.testing.assert_array_equal(made.run(None, good)[0], np.ones((3, 3, 2, 2)))


@pytest.mark.parametrize(
    "types", [("FLOAT", "DOUBLE"), ("DOUBLE", "FLOAT"), ("FLOAT16", "BFLOAT16"), ("INT32", "FLOAT")]
)
def test_types_without_a_kernel(types):
    model = single()
    for value, name in zip(model.graph.input, types):
        value.type.tensor_type.elem_type = getattr(onnx.TensorProto, name)
    model.graph.output[0].type.tensor_type.elem_type = getattr(onnx.TensorProto, types[0])
    with pytest.raises(Exception, match=NODE):
        session(model)
