"""docs/supported-versions.md says what the package asks for and what CI runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "supported-versions.md").read_text()
PROJECT = (ROOT / "pyproject.toml").read_text()
CI = ROOT / ".ci" / "run"


def row(name: str) -> list[str]:
    """The cells of a row behind its name."""
    (line,) = re.findall(rf"^\| {name} \| (.*) \|$", PAGE, re.MULTILINE)
    return [cell.strip() for cell in line.split(" | ")]


def least(package: str) -> str:
    """The oldest version that the package's requirements allow."""
    (version,) = set(re.findall(rf'"{package}>=([\d.]+)"', PROJECT))
    return version


@pytest.mark.parametrize(
    ("name", "packages"),
    [
        ("NumPy", ["numpy"]),
        ("onnx", ["onnx"]),
        ("onnx-ir", ["onnx-ir"]),
        ("onnxscript", ["onnxscript"]),
        ("PyTorch, torchvision", ["torch", "torchvision"]),
        ("Paddle, paddle2onnx", ["paddlepaddle", "paddle2onnx"]),
    ],
)
def test_oldest_versions_are_those_of_the_requirements(name, packages):
    assert row(name)[0].split(", ") == [least(package) for package in packages]


def test_python():
    oldest = re.search(r'requires-python = ">=([\d.]+)"', PROJECT)[1]
    assert row("Python")[0] == oldest
    assert oldest in re.findall(r"Programming Language :: Python :: ([\d.]+)", PROJECT)


def test_onnxruntime_satisfies_the_requirement():
    assert row("ONNX Runtime")[0].startswith(f"{least('onnxruntime')}.")


def test_compute_capabilities_are_those_that_are_compiled():
    page = re.search(r"compute capabilities ([\d., and]+), and PTX", PAGE)[1]
    compiled = (ROOT / "cmake" / "Cuda.cmake").read_text()
    wanted = [number.replace(".", "") for number in re.findall(r"\d+\.\d", page)]
    (architectures,) = re.findall(r"foreach\(architecture (?:IN ITEMS )?([\d ]+)\)", compiled)
    assert architectures.split() == wanted


@pytest.mark.skipif(not CI.exists(), reason="the sdist has no .ci")
def test_ci_runs_these_versions():
    steps = CI.read_text()
    assert set(re.findall(r"onnxruntime==([\d.]+)", steps)) >= set(
        re.findall(r"\d[\d.]+\d", row("ONNX Runtime")[1])
    )
    assert set(re.findall(r"numpy==([\d.]+)\.\*", steps)) == set(re.findall(r"\d[\d.]+\d", row("NumPy")[1]))
    paddle = [re.search(rf"'{name}==([\d.]+)\.\*'", steps)[1] for name in ("paddlepaddle", "paddle2onnx")]
    assert row("Paddle, paddle2onnx")[1].split(", ") == paddle


def test_the_citation_is_of_this_version():
    version = re.search(r"project\(roiops VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
