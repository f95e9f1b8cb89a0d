"""Models and sessions on the CUDA provider, and why a test that needs one is skipped."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from cuda_cases import Case
from onnx import TensorProto, helper
from support import TYPES, one_node_model

import roiops
from roiops import export


@lru_cache(maxsize=1)
def missing() -> str | None:
    """What is missing for a CUDA session, None if nothing is."""
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return "this onnxruntime has no CUDA provider (onnxruntime-gpu has)"
    if not roiops.build_info()["cuda_architectures"]:
        return "roiops was built without CUDA"
    node = helper.make_node("Identity", ["X"], ["Y"])
    model = one_node_model([node], [("X", TensorProto.FLOAT, [1])], [("Y", TensorProto.FLOAT, [1])])
    options = ort.SessionOptions()
    options.log_severity_level = 4
    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    session = ort.InferenceSession(model.SerializeToString(), options, providers=providers)
    if "CUDAExecutionProvider" not in session.get_providers():
        return "there is no GPU that onnxruntime can use"
    return None


needs_cuda = pytest.mark.skipif(missing() is not None, reason=str(missing()))


def cuda_session(
    model: onnx.ModelProto, override: bool = False, **provider_options: str
) -> ort.InferenceSession:
    """A session whose nodes all run on CUDA: one that does not is an error, not a silent fallback."""
    options = roiops.register(ort.SessionOptions(), override_standard=override)
    options.log_severity_level = 3
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    providers = [("CUDAExecutionProvider", provider_options)]
    return ort.InferenceSession(model.SerializeToString(), options, providers=providers)


def on_device(array: np.ndarray) -> ort.OrtValue:
    return ort.OrtValue.ortvalue_from_numpy(array, "cuda", 0)


def case_model(case: Case) -> onnx.ModelProto:
    """One node with the case's attributes between casts from and to float32 (float64), which is exact."""
    dtype = TYPES[case.xs[0].dtype.name]
    outer = TensorProto.DOUBLE if dtype == TensorProto.DOUBLE else TensorProto.FLOAT
    common = {
        "output_size": case.output_size,
        "sampling_ratio": case.ratio,
        "aligned": case.aligned,
        "mode": case.mode,
        "batch_format": case.batch_format,
    }
    names = [f"X_{i}" for i in range(len(case.xs))]
    inner = [f"{name}_typed" for name in names]
    nodes = [helper.make_node("Cast", [a], [b], to=dtype) for a, b in zip(names, inner)]
    nodes.append(helper.make_node("Cast", ["boxes"], ["B"], to=TYPES[case.boxes.dtype.name]))
    if case.levels is None:
        node = export.make_roi_align_node(
            inner[0], "B", "batch", "Y_typed", spatial_scale=case.scales[0], **common
        )
    else:
        node = export.make_multiscale_roi_align_node(
            "B", "batch", "levels", inner, "Y_typed", spatial_scales=case.scales, **common
        )
    nodes += [node, helper.make_node("Cast", ["Y_typed"], ["Y"], to=outer)]
    inputs = [(name, outer, [None] * 4) for name in names]
    inputs += [("boxes", outer, [None, 4])]
    inputs += [("batch", helper.np_dtype_to_tensor_dtype(case.batch.dtype), [None])]
    if case.levels is not None:
        inputs += [("levels", TensorProto.INT64, [None])]
    return one_node_model(nodes, inputs, [("Y", outer, [None] * 4)])


def case_feeds(case: Case) -> dict[str, np.ndarray]:
    wide = np.float64 if case.xs[0].dtype == np.float64 else np.float32
    feeds = {f"X_{i}": x.astype(wide) for i, x in enumerate(case.xs)}
    feeds |= {"boxes": case.boxes.astype(wide), "batch": case.batch}
    return feeds if case.levels is None else {**feeds, "levels": case.levels}
