"""Finding the library, registering it and asking it what it is."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import numpy as np
import onnxruntime as ort
import pytest
from support import run

import roiops
from roiops import _library, export

FEEDS = {
    "X": np.ones((1, 2, 4, 4), np.float32),
    "boxes": np.array([[0, 0, 4, 4]], np.float32),
    "batch": np.array([1]),
}


LIBRARIES = {"": {}, "_override": {"override_standard": True}, "_mmdeploy": {"mmdeploy": True}}


@pytest.mark.parametrize("suffix", LIBRARIES)
def test_library_path_is_an_absolute_file(suffix):
    path = roiops.get_library_path(**LIBRARIES[suffix])
    assert os.path.isabs(path) and os.path.isfile(path)
    assert os.path.basename(path).split(".")[0].endswith(f"roiops{suffix}")


def test_a_path_is_of_one_library():
    with pytest.raises(ValueError, match="^mmdeploy: expected False with override_standard"):
        roiops.get_library_path(override_standard=True, mmdeploy=True)


def test_all_libraries_serve_one_session():
    options = roiops.register(ort.SessionOptions(), override_standard=True, mmdeploy=True)
    model = export.make_roi_align_model(output_size=2).SerializeToString()
    made = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(made.run(None, FEEDS)[0], np.ones((1, 2, 2, 2)))


def test_a_missing_library_is_reported_with_the_places_looked_at(monkeypatch, tmp_path):
    monkeypatch.setattr(_library, "__file__", str(tmp_path / "roiops" / "_library.py"))
    monkeypatch.setattr(_library, "_installed", lambda relative: tmp_path / relative)
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        roiops.get_library_path()


def test_the_library_is_found_beside_the_package_or_in_the_installed_files(monkeypatch, tmp_path):
    expected = roiops.get_library_path()
    library = tmp_path / "roiops" / "lib" / "libroiops.so"
    monkeypatch.setattr(_library, "__file__", str(tmp_path / "roiops" / "_library.py"))
    assert roiops.get_library_path() == expected or os.path.samefile(roiops.get_library_path(), expected)
    library.parent.mkdir(parents=True)
    library.touch()
    assert roiops.get_library_path() == str(library)


@pytest.mark.parametrize(
    ("system", "name"),
    [
        ("linux", "lib{}.so"),
        ("win32", "{}.dll"),
        ("darwin", "lib{}.dylib"),
    ],
)
def test_libraries_have_the_names_of_the_system(monkeypatch, tmp_path, system, name):
    folder = tmp_path / "Modèles de détection" / "roiops" / "lib"
    folder.mkdir(parents=True)
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr(_library, "__file__", str(folder.parent / "_library.py"))
    for suffix, arguments in LIBRARIES.items():
        file = folder / name.format(f"roiops{suffix}")
        file.touch()
        assert roiops.get_library_path(**arguments) == str(file)


def test_register_returns_the_options_and_refuses_a_second_time():
    options = ort.SessionOptions()
    assert roiops.register(options) is options
    with pytest.raises(ValueError, match="session_options.*already registered"):
        roiops.register(options)


def test_one_set_of_options_serves_many_sessions_and_many_options_one_process():
    model = export.make_roi_align_model(output_size=2).SerializeToString()
    for _ in range(3):
        options = roiops.register(ort.SessionOptions())
        for _ in range(2):
            made = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            np.testing.assert_array_equal(made.run(None, FEEDS)[0], np.ones((1, 2, 2, 2)))


@pytest.mark.parametrize("provider", [True, False])
@pytest.mark.parametrize("kernels", [True, False])
def test_the_override_without_cuda_kernels_is_refused_beside_the_cuda_provider(
    provider, kernels, monkeypatch
):
    providers = ["CUDAExecutionProvider"] * provider + ["CPUExecutionProvider"]
    monkeypatch.setattr(ort, "get_available_providers", lambda: providers)
    monkeypatch.setattr(_library, "build_info", lambda: {"cuda_architectures": ["90-real"] * kernels})
    options = ort.SessionOptions()
    if provider and not kernels:
        with pytest.raises(ValueError, match="override_standard.*lacks CUDA kernels.*nvcc"):
            roiops.register(options, override_standard=True)
    else:
        roiops.register(options, override_standard=True)
    roiops.register(ort.SessionOptions())


def test_register_wants_session_options():
    with pytest.raises(TypeError, match="session_options: expected onnxruntime.SessionOptions, got dict"):
        roiops.register({})


def test_build_info():
    info = roiops.build_info()
    assert set(info) >= {
        "version",
        "compiler",
        "instruction_sets",
        "active_instruction_set",
        "cuda_architectures",
    }
    assert info["active_instruction_set"] in info["instruction_sets"]


def test_a_wrong_instruction_set_is_told_at_registration():
    # In a process of its own: the library reads the variable once.
    code = "import onnxruntime, roiops; roiops.register(onnxruntime.SessionOptions())"
    environment = {**os.environ, "ROIOPS_ISA": "abacus"}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert result.returncode == 1
    assert 'ROIOPS_ISA is "abacus"; it must name an instruction set that' in result.stderr
    assert "baseline" in result.stderr


@pytest.mark.skipif(
    platform.machine() != "x86_64" or not os.path.exists("/proc/cpuinfo"), reason="asks Linux about x86"
)
def test_the_instruction_sets_are_those_of_this_processor():
    with open("/proc/cpuinfo") as text:
        flags = set(next(line for line in text if line.startswith("flags")).split())
    needed = {
        "avx512": {"avx2", "fma", "f16c", "avx512f", "avx512dq", "avx512bw", "avx512vl"},
        "avx2": {"avx2", "fma", "f16c"},
        "baseline": set(),
    }
    usable = [name for name, wanted in needed.items() if wanted <= flags]
    assert roiops.build_info()["instruction_sets"] == usable


def test_without_the_library_the_model_does_not_load():
    with pytest.raises(Exception, match="RoiAlign"):
        run(export.make_roi_align_model(output_size=2), FEEDS, plugin=False)


@pytest.mark.parametrize("extensions_first", [True, False])
def test_onnxruntime_extensions_in_the_same_session(extensions_first):
    extensions = pytest.importorskip("onnxruntime_extensions")
    options = ort.SessionOptions()
    steps = [lambda: options.register_custom_ops_library(extensions.get_library_path())]
    steps.insert(extensions_first, lambda: roiops.register(options))
    for step in steps:
        step()
    model = export.make_roi_align_model(output_size=2).SerializeToString()
    made = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(made.run(None, FEEDS)[0], np.ones((1, 2, 2, 2)))
