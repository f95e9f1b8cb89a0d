"""The documentation names only what exists, and its Python runs."""

from __future__ import annotations

import ast
import re

import onnx
import pytest
from doc_snippets import PAGES, ROOT, run_snippet, snippets
from semantics.cases import CASES
from support import ORT_VERSION, TYPES, one_node_model

from roiops.export import make_roi_align_model

SEMANTICS = (ROOT / "docs" / "semantics.md").read_text()


def test_every_rule_is_on_the_page_and_every_row_names_its_cases_or_its_test():
    sources = [ROOT / "tests/semantics" / name for name in ("test_decisions.py", "test_roi_pool.py")]
    bodies = [ast.parse(source.read_text()).body for source in sources]
    tests = {node.name for body in bodies for node in body if isinstance(node, ast.FunctionDef)}
    rows = [line for line in SEMANTICS.splitlines() if line.startswith("|") and not line.startswith("|---")]
    named = [re.search(r"(?:`(\w+)`|Test) \|$", row)[1] for row in rows]
    assert {*filter(None, named)} >= {case.rule for case in CASES}
    for name in filter(None, named):
        assert name in tests or any(name == case.rule for case in CASES), name


def test_rows_of_masks_and_keypoints_name_their_tests():
    page = (ROOT / "docs" / "masks-and-keypoints.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("|") and not line.startswith("|---")]
    named = {re.search(r"(?:`(\w+)`|Test) \|$", row)[1] for row in rows} - {None}
    tests = "".join(
        (ROOT / "tests" / "ops" / f"test_{name}.py").read_text()
        for name in ("paste_masks", "heatmaps_to_keypoints")
    )
    assert not [name for name in named if f"def {name}(" not in tests]
    rules = tests.split("# Rules", 1)[1].split("# Errors")[0]
    assert set(re.findall(r"def (test_\w+)", rules)) <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = [link for link in re.findall(r"\]\(([^)#]+)", page.read_text()) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


@pytest.fixture
def folder_with_models(tmp_path, monkeypatch):
    """The working directory of the snippets, with the models that they load."""
    node = onnx.helper.make_node(
        "RoiAlign", ["X", "rois", "batch_indices"], ["Y"], output_height=7, output_width=7
    )
    inputs = [
        ("X", TYPES["float32"], [1, 3, 32, 32]),
        ("rois", TYPES["float32"], ["K", 4]),
        ("batch_indices", onnx.TensorProto.INT64, ["K"]),
    ]
    # Where ONNX Runtime knows opset 22, it has no kernel of its own for it: the pages say that ours steps in.
    opset = 22 if ORT_VERSION >= (1, 20) else 16
    model = one_node_model([node], inputs, [("Y", TYPES["float32"], ["K", 3, 7, 7])], opset)
    onnx.save(model, tmp_path / "detector.onnx")
    onnx.save(make_roi_align_model(output_size=7), tmp_path / "model.onnx")
    monkeypatch.chdir(tmp_path)


# Snippets that need PyTorch or Paddle are run by tests/interop/test_docs_*.py.
@pytest.mark.parametrize("code", snippets(needs=None))
def test_python_of_the_pages_runs(code, folder_with_models):
    run_snippet(code)


def test_there_are_snippets():
    assert len(snippets(needs=None)) >= 3
