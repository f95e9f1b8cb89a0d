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
import numpy as np, onnxruntime as ort, roiops
from roiops import export
options = roiops.register(ort.SessionOptions())
options.log_severity_level = 4
model = export.make_roi_align_model(output_size=2).SerializeToString()
session = ort.InferenceSession(model, options, providers=["CUDAExecutionProvider", "CPUExecutionProvider"])
assert session.get_providers() == ["CPUExecutionProvider"], session.get_providers()
boxes = np.array([[0, 0, 3, 3]], np.float32)
y = session.run(None, {"X": np.ones((1, 2, 4, 4), np.float32), "boxes": boxes, "batch": np.array([1])})[0]
assert np.all(y == 1)
"""


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
        assert library.seek(0, 2) < 15_000_000


def test_without_a_gpu_the_cpu_runs_the_operator():
    """In a process of its own that sees no device, in whatever onnxruntime is installed."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([sys.executable, "-W", "ignore", "-c", _FALLBACK], check=True, env=environment)


def test_a_cpu_session_runs_the_cpu_operator():
    options = roiops.register(ort.SessionOptions())
    model = export.make_roi_align_model(output_size=2).SerializeToString()
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(session.run(None, FEEDS)[0], np.ones((1, 2, 2, 2)))
