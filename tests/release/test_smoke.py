"""The installed libraries load and are right; short enough to run on every ONNX Runtime that is promised."""

import subprocess
import sys

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

import roiops


def random_case(dtype):
    rng = np.random.default_rng(7)
    x = rng.standard_normal((2, 5, 13, 17)).astype(dtype)
    corners = rng.uniform(-2, 18, (6, 2, 2))
    boxes = np.hstack([corners.min(axis=1), corners.max(axis=1)]).astype(np.float32)
    return x, boxes


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-5), ("float64", 1e-12), ("float16", 2e-3)])
@pytest.mark.parametrize("aligned", [True, False])
def test_roi_align_is_the_references(dtype, tolerance, aligned):
    x, boxes = random_case(dtype)
    arguments = (x, boxes, np.array([4, 2]), (3, 4), 0.8, -1, aligned)
    expected = roiops.reference.roi_align(*arguments)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(roiops.roi_align(*arguments), expected, atol=tolerance * np.abs(x).max())


def test_override_runs_standard_nodes_like_the_builtin():
    names = ["X", "rois", "batch_indices"]
    node = helper.make_node("RoiAlign", names, ["Y"], output_height=3, output_width=4, sampling_ratio=2)
    kinds = [(TensorProto.FLOAT, 4), (TensorProto.FLOAT, 2), (TensorProto.INT64, 1)]
    inputs = [helper.make_tensor_value_info(n, kind, [None] * rank) for n, (kind, rank) in zip(names, kinds)]
    output = helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None] * 4)
    graph = helper.make_graph([node], "standard", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)

    def session(options):
        return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    x, boxes = random_case("float32")
    feeds = {"X": x, "rois": boxes, "batch_indices": np.array([0, 0, 1, 0, 1, 1])}
    ours = session(roiops.register(ort.SessionOptions(), override_standard=True))
    builtin = session(ort.SessionOptions())
    np.testing.assert_allclose(ours.run(None, feeds)[0], builtin.run(None, feeds)[0], atol=2e-5)

    feeds["rois"] = np.full_like(boxes, np.nan)  # the built-in operator takes it: this shows whose kernel ran
    with pytest.raises(Exception, match="rois.*finite"):
        ours.run(None, feeds)


@pytest.mark.parametrize("domain", ["mmdeploy", "mmcv"])
def test_nodes_of_mmdeploy_are_the_references(domain):
    attributes = {"sampling_ratio": 2, "aligned": 1, "clockwise": 1, "output_height": 3, "output_width": 4}
    node = helper.make_node(
        "MMCVRoIAlignRotated", ["x", "rois"], ["y"], domain=domain, spatial_scale=0.8, **attributes
    )
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in ("x", "rois")]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * 4)
    imports = [helper.make_opsetid("", 16), helper.make_opsetid(domain, 1)]
    model = helper.make_model(
        helper.make_graph([node], "g", inputs, [output]), opset_imports=imports, ir_version=8
    )
    options = roiops.register(ort.SessionOptions(), mmdeploy=True)
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    x, corners = random_case("float32")
    boxes = np.column_stack([corners, np.linspace(-4, 4, len(corners))]).astype(np.float32)
    images = np.array([0, 1, 1, 0, 1, 0])
    found = session.run(None, {"x": x, "rois": np.column_stack([images, boxes]).astype(np.float32)})[0]
    arguments = {"clockwise": True, "batch_format": "batch_indices"}
    wanted = roiops.reference.roi_align_rotated(x, boxes, images, (3, 4), 0.8, 2, **arguments)
    assert np.abs(wanted).max() > 0.1
    np.testing.assert_allclose(found, wanted, atol=2e-5 * np.abs(x).max())


def test_process_ends_well_after_the_last_session_is_gone():
    program = (
        "import gc, numpy as np, roiops, roiops._session as sessions\n"
        "roiops.roi_align(np.ones((1, 1, 4, 4), 'f'), np.ones((1, 4), 'f'), np.array([1]), 2)\n"
        "sessions._sessions.clear()\n"
        "gc.collect()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
