"""The pages' snippets that need PyTorch. Needs torch and torchvision; run as test_export_torch.py says."""

from __future__ import annotations

import sys
from types import ModuleType

import onnx
import pytest
from doc_snippets import run_snippet, snippets

pytest.importorskip("torchvision")

import torch_frameworks
from pyramids import operators
from support import session

from roiops.export.torch import unregister_symbolics


@pytest.fixture
def detectron2(monkeypatch):
    """Our modules under the names of Detectron2's."""
    for name, members in {
        "detectron2": {},
        "detectron2.modeling": {},
        "detectron2.modeling.poolers": {"ROIPooler": torch_frameworks.ROIPooler},
        "detectron2.structures": {"Boxes": torch_frameworks.Boxes},
    }.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def symbolics_for_this_test_only():
    yield
    unregister_symbolics()


@pytest.mark.parametrize("code", snippets(needs="torch"))
@pytest.mark.usefixtures("detectron2", "symbolics_for_this_test_only")
def test_every_snippet_writes_a_model_of_our_poolers_that_loads(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_snippet(code)
    (path,) = tmp_path.glob("*.onnx")
    found = operators(onnx.load(path))
    assert found.get("roiops::MultiScaleRoiAlign", 0) + found.get("roiops::RoiAlign", 0) >= 1
    assert "RoiAlign" not in found
    session(onnx.load(path))


def test_there_are_snippets():
    assert len(snippets(needs="torch")) >= 4
