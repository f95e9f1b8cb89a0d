"""The pages' snippets that need Paddle.

Needs paddlepaddle and paddle2onnx:
pytest tests/interop/test_docs_paddle.py -o addopts=--import-mode=importlib
"""

from __future__ import annotations

import runpy

import pytest
from doc_snippets import snippets

pytest.importorskip("paddle2onnx")


@pytest.mark.parametrize("code", snippets(needs="paddle"))
def test_python_of_the_pages_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # From a file: Paddle reads the source of a layer that it exports.
    (tmp_path / "snippet.py").write_text(code)
    runpy.run_path(str(tmp_path / "snippet.py"))
