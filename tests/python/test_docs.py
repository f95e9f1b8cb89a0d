"""The documentation names only what exists, and its Python runs."""

from __future__ import annotations

import ast
import re
from typing import get_type_hints

import onnx
import pytest
import typer
from doc_snippets import PAGES, ROOT, run_snippet, snippets
from semantics.table import CASES
from support import ORT_VERSION, TYPES, one_node_model

from roiops.cli import app
from roiops.export import make_roi_align_model

# Pages of rules: operators whose cases they name, and files with tests of what is no table of values.
RULES = {
    "semantics.md": (
        {"RoiAlign", "RoiPool"},
        ["semantics/test_decisions.py", "semantics/test_roi_pool.py"],
    ),
    "rotated.md": ({"RoiAlignRotated", "BoxIouRotated", "NmsRotated"}, ["semantics/test_rotated.py"]),
    "masks-and-keypoints.md": (
        {"PasteMasks", "HeatmapsToKeypoints"},
        ["ops/test_paste_masks.py", "ops/test_heatmaps_to_keypoints.py"],
    ),
}


@pytest.mark.parametrize("page", RULES)
def test_every_rule_is_on_its_page_and_every_row_names_its_cases_or_its_test(page):
    operators, files = RULES[page]
    bodies = [ast.parse((ROOT / "tests" / file).read_text()).body for file in files]
    tests = {node.name for body in bodies for node in body if isinstance(node, ast.FunctionDef)}
    cases = {case.rule for case in CASES if case.operator in operators}
    lines = (ROOT / "docs" / page).read_text().splitlines()
    rows = [line for line in lines if line.startswith("|") and not line.startswith("|---")]
    named = {re.search(r"(?:`(\w+)`|Test) \|$", row)[1] for row in rows} - {None}
    assert cases <= named <= cases | tests


def test_every_operator_is_on_a_page_of_rules():
    assert {case.operator for case in CASES} == set().union(*(operators for operators, _ in RULES.values()))


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


def test_every_option_of_the_command_is_on_its_page_with_its_help():
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text()
    for command in app.registered_commands:
        hints = get_type_hints(command.callback, include_extras=True)
        for name, hint in hints.items():
            for option in getattr(hint, "__metadata__", ()):
                if isinstance(option, typer.models.OptionInfo):
                    written = [
                        option.default,
                        *option.param_decls,
                    ]  # inside of Annotated the first is the default
                    flags = [flag for flag in written if str(flag).startswith("--")]
                    assert all(flag in page for flag in flags or [f"--{name.replace('_', '-')}"])
                    assert option.help in page


def test_there_are_snippets():
    assert len(snippets(needs=None)) >= 3
