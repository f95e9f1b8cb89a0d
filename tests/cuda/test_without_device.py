"""A library built with CUDA where there is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper
from support import ORT_VERSION, one_node_model

import roiops
from roiops import export

pytestmark = pytest.mark.skipif(
    not roiops.build_info()["cuda_architectures"], reason="roiops was built without CUDA"
)

FEEDS = {
    "X": np.ones((1, 2, 4, 4), np.float32),
    "boxes": np.array([[0, 0, 3, 3]], np.float32),
    "batch": np.array([1]),
}

_FALLBACK = """
import sys
import numpy as np, onnxruntime as ort, roiops
options = roiops.register(ort.SessionOptions(), override_standard=True)
options.log_severity_level = 4
providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
session = ort.InferenceSession(sys.argv[1], options, providers=providers)
assert session.get_providers() == ["CPUExecutionProvider"], session.get_providers()
feeds = {"X": np.ones((1, 2, 4, 4), np.float32), "boxes": np.array([[0, 0, 3, 3]], np.float32)}
feeds |= {"batch": np.array([1]), "levels": np.array([0])}
y = session.run(None, {value.name: feeds[value.name] for value in session.get_inputs()})[0]
assert y.shape == (1, 2, 2, 2) and np.all(y == 1), y
"""

_INPUTS = [
    ("X", TensorProto.FLOAT, ["N", "C", "H", "W"]),
    ("boxes", TensorProto.FLOAT, ["K", 4]),
    ("batch", TensorProto.INT64, [None]),
]
_OUTPUT = ("Y", TensorProto.FLOAT, [None] * 4)
_STANDARD = [
    helper.make_node("Sub", ["batch", "batch"], ["image"]),
    helper.make_node("RoiAlign", ["X", "boxes", "image"], ["Y"], output_height=2, output_width=2),
]
_MULTI_SCALE = [
    export.make_multiscale_roi_align_node(
        "boxes", "batch", "levels", ["X"], "Y", output_size=2, spatial_scales=[1.0]
    )
]
MODELS = {
    "roiops": export.make_roi_align_model(output_size=2),
    "pyramid": one_node_model(_MULTI_SCALE, [*_INPUTS, ("levels", TensorProto.INT64, ["K"])], [_OUTPUT]),
    "standard": one_node_model(_STANDARD, _INPUTS, [_OUTPUT], opset=16),
}
if ORT_VERSION >= (1, 25):  # of which the CPU has no kernel but ours
    MODELS["standard of opset 22"] = one_node_model(_STANDARD, _INPUTS, [_OUTPUT], opset=22)


def test_what_is_inside():
    architectures = roiops.build_info()["cuda_architectures"]
    assert all(name.split("-")[0].isdigit() for name in architectures)
    assert any(not name.endswith("-real") for name in architectures)  # for devices to come


@pytest.mark.parametrize("override", [False, True])
def test_architectures_are_in_the_library(override):
    path = roiops.get_library_path(override_standard=override)
    lists = [
        subprocess.run([cuobjdump(), f"--list-{kind}", path], capture_output=True, text=True, check=True)
        for kind in ("elf", "ptx")
    ]
    found = {f"{a}-real" for a in re.findall(r"sm_(\d+)\.cubin", lists[0].stdout)}
    found |= {f"{a}-virtual" for a in re.findall(r"sm_(\d+)\.ptx", lists[1].stdout)}
    named = roiops.build_info()["cuda_architectures"]  # without a suffix: both kinds
    assert found == {f"{name}{kind}" for name in named for kind in kinds_of(name)}


def kinds_of(architecture: str) -> list[str]:
    return [""] if "-" in architecture else ["-real", "-virtual"]


def cuobjdump() -> str:
    """The toolkit's program, or that of the package nvidia-cuda-cuobjdump."""
    places = [Path(folder) / "nvidia" for folder in sys.path if folder]
    packaged = [str(path) for place in places for path in place.glob("*/bin/cuobjdump")]
    found = shutil.which("cuobjdump") or next(iter(packaged), None)
    if found is None:
        pytest.skip("needs cuobjdump")
    return found


@pytest.mark.parametrize("override", [False, True])
def test_needs_no_cuda_library(override):
    path = roiops.get_library_path(override_standard=override)
    needed = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    assert "cuda" not in needed
    assert "not found" not in needed


@pytest.mark.parametrize("override", [False, True])
def test_size(override):
    with open(roiops.get_library_path(override_standard=override), "rb") as library:
        assert library.seek(0, 2) < 20_000_000


@pytest.mark.parametrize("model", MODELS)
def test_without_a_gpu_the_cpu_runs_the_operator(model, tmp_path):
    """In a process of its own that sees no device, in whatever onnxruntime is installed."""
    path = tmp_path / "model.onnx"
    path.write_bytes(MODELS[model].SerializeToString())
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([sys.executable, "-W", "ignore", "-c", _FALLBACK, path], check=True, env=environment)


def test_a_cpu_session_runs_the_cpu_operator():
    options = roiops.register(ort.SessionOptions())
    session = ort.InferenceSession(
        MODELS["roiops"].SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    np.testing.assert_array_equal(session.run(None, FEEDS)[0], np.ones((1, 2, 2, 2)))
