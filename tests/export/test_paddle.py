"""What an export from Paddle does without Paddle: its packages are checked, its process may fail."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata

import pytest

from roiops.export.paddle import PaddleExportError, _versions, export
from roiops.export.paddle._convert import convert


@pytest.fixture
def installed(monkeypatch):
    """Sets which packages there seem to be, by distribution name."""

    def install(versions: dict[str, str | None]) -> None:
        modules = {"paddlepaddle": "paddle", "paddlepaddle-gpu": "paddle"}
        there = {modules.get(name, name) for name in versions}
        monkeypatch.setattr(
            _versions.importlib.util, "find_spec", lambda name: object() if name in there else None
        )

        def version(name: str) -> str:
            if versions.get(name) is None:
                raise metadata.PackageNotFoundError(name)
            return versions[name]

        monkeypatch.setattr(_versions.metadata, "version", version)

    return install


@pytest.mark.parametrize(
    "versions, message",
    [
        ({}, "needs paddlepaddle; install it with: pip install 'roiops"),
        ({"paddlepaddle": "3.3.1"}, "needs paddle2onnx; install it with: pip install 'roiops"),
        ({"paddle2onnx": "2.1.0"}, "needs paddlepaddle; install"),
        (
            {"paddlepaddle": "2.6.2", "paddle2onnx": "2.1.0"},
            r"needs paddlepaddle >= 3.\d, found 2.6.2; install",
        ),
        ({"paddlepaddle-gpu": "3.0.0", "paddle2onnx": "2.1.0"}, "found 3.0.0; install"),
        (
            {"paddlepaddle": "3.3.1", "paddle2onnx": "1.3.1"},
            r"needs paddle2onnx >= 2.\d, found 1.3.1; install",
        ),
    ],
)
def test_missing_and_old_packages(installed, versions, message):
    installed(versions)
    with pytest.raises(ImportError, match=message) as caught:
        export("model")
    assert "roiops[paddle]" in str(caught.value)


@pytest.mark.parametrize(
    "versions",
    [
        {"paddlepaddle": "3.3.1", "paddle2onnx": "2.1.0"},
        {"paddlepaddle-gpu": "3.10.0.dev20270101", "paddle2onnx": "2.1.0rc1"},
        {"paddlepaddle": None, "paddle2onnx": "3.0"},
    ],
)
def test_packages_that_will_do(installed, versions, tmp_path):
    installed(versions)
    with pytest.raises(FileNotFoundError, match=r"model: .*nothing\.json or .*nothing\.pdmodel"):
        export(tmp_path / "nothing")


def test_nothing_of_paddle_is_imported_before_it_is_needed():
    code = "import roiops.export.paddle, sys; sys.exit(bool({'paddle', 'paddle2onnx'} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


@pytest.fixture
def process(tmp_path, monkeypatch):
    """Sets what runs instead of the converting process: Python code, which knows its ``folder``."""

    def replace(code: str) -> None:
        path = tmp_path / "python"
        lines = [
            f"#!{sys.executable}",
            "import json, os, pathlib, sys",
            "folder = pathlib.Path(sys.argv[-2])",
        ]
        path.write_text("\n".join([*lines, code]))
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return replace


def test_process_as_windows_starts_it(monkeypatch, tmp_path):
    started = {}

    def start(command, **options):
        started.update(options, command=command)
        return subprocess.CompletedProcess(command, 3, stdout="Zugriff verweigert\n")

    monkeypatch.setattr(subprocess, "run", start)
    monkeypatch.setattr(os, "pathsep", ";")
    monkeypatch.setenv("SYSTEMROOT", r"C:\Windows")
    with pytest.raises(PaddleExportError, match=r"^Zugriff verweigert \| exit status 3$"):
        convert(tmp_path / "Modèle à moi.json", 17)
    assert started["command"][0] == sys.executable
    assert started["command"][-3] == str(tmp_path / "Modèle à moi.json")
    assert all(map(os.path.isabs, started["env"]["PYTHONPATH"].split(";")))
    assert started["env"]["SYSTEMROOT"] == r"C:\Windows"  # without it, Windows starts no Python
    assert not started.keys() & {"shell", "preexec_fn", "close_fds", "executable"}


@pytest.mark.parametrize(
    "code, message",
    [
        ("raise ImportError('libpaddle.so')", r"ImportError: libpaddle.so \| exit status 1$"),
        (
            "print('first\\n\\nC++ Traceback: 0'); sys.stdout.flush(); os.abort()",
            r"^first \| exit status -6$",
        ),
        ("(folder / 'cut.json').write_text('{\"error\": \"no program\"}')", "^no program$"),
        (
            '(folder / \'cut.json\').write_text(\'{"operators": ["relu", "roi_pool"]}\'); os.abort()',
            r"^paddle2onnx does not convert all of its operators \(relu, roi_pool\).* exit status -6$",
        ),
    ],
)
def test_process_that_fails(process, tmp_path, code, message):
    process(code)
    with pytest.raises(PaddleExportError, match=message):
        convert(tmp_path / "model.json", 17)
