"""The library that runs standard RoiAlign nodes of opset 16 and newer on our kernel."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper
from onnx.backend.test.case.node import collect_testcases
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument, RuntimeException
from support import ORT_VERSION, TYPES, boxes_of_sides, builtin

import roiops
from roiops import reference

NEWEST_OPSET = 25 if ORT_VERSION >= (1, 25) else 21
OPSETS = range(16, NEWEST_OPSET + 1)
RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 9, 20, 24)).astype(np.float32)
BOXES = boxes_of_sides(RNG, 40, 80, 96).astype(np.float32)
IMAGES = RNG.integers(0, 3, 40)
ATTRIBUTES = {"output_height": 3, "output_width": 5, "spatial_scale": 0.25, "sampling_ratio": 2}


def model(opset, kind=TensorProto.FLOAT, **attributes):
    node = helper.make_node("RoiAlign", ["X", "rois", "batch_indices"], ["Y"], name="standard", **attributes)
    graph = helper.make_graph(
        [node],
        "g",
        [
            helper.make_tensor_value_info("X", kind, ["N", "C", "H", "W"]),
            helper.make_tensor_value_info("rois", kind, ["K", 4]),
            helper.make_tensor_value_info("batch_indices", TensorProto.INT64, ["K"]),
        ],
        [helper.make_tensor_value_info("Y", kind, None)],
    )
    ir_version = 8 if opset < 19 else 9 if opset < 21 else 10
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)


def session(proto, override=True):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    if override:
        roiops.register(options, override_standard=True)
    return ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(proto, x=X, boxes=BOXES, images=IMAGES, **options):
    feeds = {"X": x, "rois": boxes, "batch_indices": images}
    return session(proto, **options).run(None, feeds)[0]


def expected(x=X, boxes=BOXES, ratio=2, aligned=True):
    return reference.roi_align(x, boxes, IMAGES, (3, 5), 0.25, ratio, aligned, batch_format="batch_indices")


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("mode", ["half_pixel", "output_half_pixel", None])
def test_average_at_every_opset(opset, mode):
    attributes = dict(ATTRIBUTES)
    if mode:
        attributes["coordinate_transformation_mode"] = mode
    actual = run(model(opset, **attributes))
    np.testing.assert_allclose(actual, expected(aligned=mode != "output_half_pixel"), atol=1e-5)


@pytest.mark.parametrize("opset", OPSETS)
def test_absent_attributes_have_the_standard_defaults(opset):
    actual = run(model(opset))
    wanted = reference.roi_align(X, BOXES, IMAGES, 1, 1.0, 0, True, batch_format="batch_indices")
    np.testing.assert_allclose(actual, wanted, atol=1e-5)


@pytest.mark.parametrize("opset", [16, NEWEST_OPSET])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float16", 2e-3)])
def test_other_types(opset, dtype, tolerance):
    x, boxes = X.astype(dtype), BOXES.astype(dtype)
    actual = run(model(opset, TYPES[dtype], **ATTRIBUTES), x, boxes)
    assert actual.dtype == dtype
    np.testing.assert_allclose(actual.astype(np.float64), expected(x, boxes), atol=tolerance, rtol=tolerance)


@pytest.mark.skipif(NEWEST_OPSET < 22, reason="standard RoiAlign has bfloat16 from opset 22 on")
def test_bfloat16():
    proto = model(22, TensorProto.BFLOAT16, **ATTRIBUTES)
    graph = proto.graph
    for value in [*graph.input[:2], graph.output[0]]:
        value.type.tensor_type.elem_type = TensorProto.FLOAT
    graph.node[0].input[:2] = ["X16", "rois16"]
    graph.node[0].output[0] = "Y16"
    for name in ("X", "rois"):
        graph.node.insert(0, helper.make_node("Cast", [name], [f"{name}16"], to=TensorProto.BFLOAT16))
    graph.node.append(helper.make_node("Cast", ["Y16"], ["Y"], to=TensorProto.FLOAT))
    boxes = np.round(BOXES)  # exact in bfloat16, below 256
    actual = run(proto, boxes=boxes)
    np.testing.assert_allclose(actual, expected(boxes=boxes), atol=3e-2)


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("ratio", [0, 1, 2])
@pytest.mark.parametrize("opset", [16, NEWEST_OPSET])
def test_max_is_that_of_weighted_corners(opset, ratio, aligned):
    attributes = {
        **ATTRIBUTES,
        "sampling_ratio": ratio,
        "mode": "max",
        "coordinate_transformation_mode": "half_pixel" if aligned else "output_half_pixel",
    }
    actual = run(model(opset, **attributes))
    wanted = builtin(X, BOXES, IMAGES, (3, 5), 0.25, ratio, aligned, mode="max")
    np.testing.assert_allclose(actual, wanted, atol=2e-4)


def test_max_of_a_constant_map_is_a_quarter_between_four_pixels():
    x = np.full((1, 1, 4, 4), 10, np.float32)
    proto = model(16, output_height=1, output_width=1, sampling_ratio=1, mode="max")
    box = np.array([[1, 1, 3, 3]], np.float32)
    assert run(proto, x, box, np.array([0])).item() == 2.5


@pytest.mark.skipif(NEWEST_OPSET < 22, reason="the test cases are of opset 22")
@pytest.mark.parametrize(
    "name", ["test_roialign_aligned_false", "test_roialign_aligned_true", "test_roialign_mode_max"]
)
def test_onnx_backend_cases(name):
    case = next(case for case in collect_testcases("RoiAlign") if case.name == name)
    proto = onnx.ModelProto()
    proto.CopyFrom(case.model)
    proto.ir_version = 10
    del proto.opset_import[:]
    proto.opset_import.append(helper.make_opsetid("", 22))
    ours = session(proto)
    for inputs, outputs in case.data_sets:
        feeds = {value.name: array for value, array in zip(ours.get_inputs(), inputs)}
        np.testing.assert_allclose(ours.run(None, feeds)[0], outputs[0], rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("opset", [10, 11, 13, 15])
def test_older_opsets_stay_with_the_built_in_kernel(opset):
    proto = model(opset, **ATTRIBUTES)
    np.testing.assert_array_equal(run(proto), run(proto, override=False))


@pytest.mark.skipif(NEWEST_OPSET < 22, reason="this ONNX Runtime knows no opset 22")
def test_sessions_without_it_are_unaffected():
    assert run(model(22, **ATTRIBUTES)).shape == (40, 9, 3, 5)
    with pytest.raises(Exception, match="NOT_IMPLEMENTED"):
        session(model(22, **ATTRIBUTES), override=False)


def test_works_inside_a_branch():
    proto = model(16, **ATTRIBUTES)
    node = proto.graph.node[0]
    branch = helper.make_graph(
        [node], "branch", [], [helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)]
    )
    choice = helper.make_node("If", ["condition"], ["Y_if"], then_branch=branch, else_branch=branch)
    del proto.graph.node[:]
    proto.graph.node.append(choice)
    proto.graph.output[0].name = "Y_if"
    proto.graph.input.append(helper.make_tensor_value_info("condition", TensorProto.BOOL, []))
    feeds = {"X": X, "rois": BOXES, "batch_indices": IMAGES, "condition": np.array(True)}
    np.testing.assert_allclose(session(proto).run(None, feeds)[0], expected(), atol=1e-5)


def test_the_kernel_is_ours():
    boxes = BOXES.copy()
    boxes[7, 2] = np.nan
    with pytest.raises(InvalidArgument, match="standard.*'rois'.*box 7.*coordinates must be finite"):
        run(model(16, **ATTRIBUTES), boxes=boxes)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"mode": "median"}, "'mode'.*median"),
        ({"coordinate_transformation_mode": "asymmetric"}, "'coordinate_transformation_mode'.*asymmetric"),
        ({"sampling_ratio": -1}, "'sampling_ratio'.*-1"),
        ({"output_height": 0}, "'output_height'.*0"),
        ({"spatial_scale": 0.0}, "'spatial_scale'.*0"),
    ],
)
def test_wrong_attributes(attributes, words):
    with pytest.raises(RuntimeException, match=f"standard.*{words}"):
        session(model(16, **{**ATTRIBUTES, **attributes}))


@pytest.mark.parametrize("mode", ["AVG", "Avg", "MAX"])
def test_mode_in_any_case(mode):
    lower = run(model(16, **ATTRIBUTES, mode=mode.lower()))
    np.testing.assert_array_equal(run(model(16, **ATTRIBUTES, mode=mode)), lower)
