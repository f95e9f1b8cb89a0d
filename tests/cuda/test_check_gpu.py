"""The script for a machine with a GPU, on stand-ins for the programs that it calls."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STEPS = "build device kernels pytest float32 float16 memcheck racecheck synccheck initcheck".split()

_CMAKE = """
if [ "$1" = --build ]; then
  mkdir -p "$2/tests/cuda" "$2/ops"
  printf '#!/bin/sh\\necho "$1 cases, 0 failures"\\n' >"$2/tests/cuda/roiops_cuda_device_test"
  printf '#!/bin/sh\\nsleep 30\\n' >"$2/tests/cuda/roiops_cuda_device_bench"
  chmod +x "$2"/tests/cuda/*
fi
"""
_SANITIZER = 'if [ "$2" = racecheck ]; then echo "a hazard"; exit 9; fi; shift 4; "$@"'


@pytest.fixture
def check(tmp_path):
    """A checkout, and a function that runs its script and returns the exit status and the table by step."""
    for program in ("bash", "timeout"):
        if not shutil.which(program):
            pytest.skip(f"needs {program}")
    script = tmp_path / "tests" / "cuda" / "check_gpu"
    script.parent.mkdir(parents=True)
    shutil.copy(ROOT / "tests/cuda/check_gpu", script)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in {
        "cmake": _CMAKE,
        "compute-sanitizer": _SANITIZER,
        "nvidia-smi": "echo a device",
        "python": f'exec "{sys.executable}" -c "raise SystemExit(1)"',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)

    def run(seconds):
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHON": "python", "CHECK_GPU_SECONDS": str(seconds)}
        done = subprocess.run(
            ["bash", script, tmp_path / "out"], env=environment, capture_output=True, text=True
        )
        lines = done.stdout.splitlines()[-len(STEPS) :]
        assert (tmp_path / "out" / "check_gpu.log").read_text().splitlines()[-len(STEPS) :] == lines
        return done.returncode, {line.split()[0]: line for line in lines}

    return run


@pytest.mark.slow
def test_the_table_comes_last_whatever_fails(check):
    status, table = check(seconds=5)  # the benchmark takes longer
    assert status == 1
    assert list(table) == STEPS
    assert "passed" in table["build"]
    assert "passed" in table["device"] and "2000 cases, 0 failures" in table["device"]
    assert "FAILED" in table["kernels"]
    assert "no onnxruntime-gpu" in table["pytest"]
    assert "no time was left" in table["memcheck"]


def test_a_hazard_is_a_failure(check, tmp_path):
    bench = tmp_path / "programs" / "cmake"
    bench.write_text(bench.read_text().replace("sleep 30", "echo W1"))
    status, table = check(seconds=100)
    assert status == 1
    assert "FAILED" in table["racecheck"] and "a hazard" in table["racecheck"]
    assert all("passed" in table[name] for name in ("build", "kernels", "memcheck", "synccheck", "initcheck"))
