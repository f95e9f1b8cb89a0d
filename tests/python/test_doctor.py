"""``roiops doctor``: what it says where all is well, and what where something is not."""

from __future__ import annotations

import os
import subprocess
import sys

import onnxruntime
import pytest
from typer.testing import CliRunner

import roiops
from roiops import _doctor, reference
from roiops.cli import app


def doctor():
    return CliRunner().invoke(app, ["doctor"])


def test_a_working_installation():
    result = doctor()
    assert result.exit_code == 0, result.output
    lines = dict(line.split(": ", 1) for line in result.output.splitlines() if ": " in line)
    assert roiops.get_library_path() in lines["ok   library"]
    assert roiops.get_library_path(override_standard=True) == lines["ok   override library"]
    assert onnxruntime.__version__ in lines["ok   onnxruntime"]
    assert "CPUExecutionProvider" in lines["ok   onnxruntime"]
    assert "baseline" in lines["ok   instruction sets"]
    architectures = roiops.build_info()["cuda_architectures"]
    assert lines["ok   CUDA kernels"] == (", ".join(architectures) or "none, this build has CPU kernels only")
    for test in ("float64", "float32", "float16", "bfloat16", "pyramid", "standard"):
        assert "largest difference from the reference" in lines[f"ok   self-test {test}"]
    assert result.output.endswith("roiops works here.\n")


@pytest.mark.parametrize(
    ("module", "extra"), [("onnxruntime", "pip install 'roiops[cpu]'"), ("onnx", "pip install 'roiops[cpu]'")]
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(module, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    result = doctor()
    assert result.exit_code == 1
    assert f"FAIL {module}: " in result.output and extra in result.output
    assert "self-test" not in result.output
    assert f"roiops does not work here: {module}" in result.output


def test_a_missing_library_is_named(monkeypatch, tmp_path):
    def no_library(override_standard=False):
        raise FileNotFoundError(f"nothing at {tmp_path}")

    monkeypatch.setattr(roiops, "get_library_path", no_library)
    result = doctor()
    assert result.exit_code == 1
    assert f"FAIL override library: nothing at {tmp_path}" in result.output


@pytest.mark.parametrize("operator", ["roi_align", "multiscale_roi_align"])
def test_a_wrong_result_is_a_failure(operator, monkeypatch):
    right = getattr(reference, operator)
    monkeypatch.setattr(reference, operator, lambda *arguments: right(*arguments) + 0.1)
    result = doctor()
    assert result.exit_code == 1
    assert "differs from the reference by 1.0e-01" in result.output


def test_a_library_of_another_version_is_a_failure(monkeypatch):
    monkeypatch.setattr(roiops, "__version__", "99.0")
    (finding,) = (finding for finding in _doctor.examine() if finding.name == "library")
    assert not finding.ok and "reinstall" in finding.text


@pytest.mark.parametrize(("isa", "exit_code"), [("baseline", 0), ("abacus", 1)])
def test_the_instruction_set_asked_for(isa, exit_code):
    # In a process of its own: the library reads the variable once.
    command = [sys.executable, "-m", "roiops.cli", "doctor"]
    result = subprocess.run(command, env={**os.environ, "ROIOPS_ISA": isa}, capture_output=True, text=True)
    assert result.returncode == exit_code, result.stderr
    expected = "baseline is used, of" if isa == "baseline" else "ROIOPS_ISA=abacus is not one of"
    assert expected in result.stdout
