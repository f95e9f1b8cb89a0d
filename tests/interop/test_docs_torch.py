"""The pages' snippets that need PyTorch.

Needs torch and torchvision: pytest tests/interop/test_docs_torch.py -o addopts=--import-mode=importlib
"""

from __future__ import annotations

import pytest
from doc_snippets import run_snippet, snippets

pytest.importorskip("torchvision")


@pytest.mark.parametrize("code", snippets(needs="torch"))
def test_python_of_the_pages_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_snippet(code)
