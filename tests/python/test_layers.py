"""The layers of python/ and export/: a module imports its own unit and lower ones, wherever the import is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# From the bottom up. What stands on one line does not import one another; a package's modules may.
LAYERS = [
    ["_extras", "_values"],
    ["operators"],
    ["_arrays", "_level_rules", "_library"],
    ["_checks", "_standard"],
    ["levels", "reference"],
    ["export._types", "export._tracer", "export._nodes"],
    ["export._levels", "export._models", "export._schemas"],
    ["export._onnxscript", "export.builders", "export.portable", "reference_ops"],
    ["_session"],
    ["_pooling", "_paste_masks", "_heatmaps_to_keypoints", "_overlaps_rotated"],
    ["_roi_align", "_roi_align_rotated", "_roi_pool"],
    ["roiops"],
    ["export.upgrader.errors", "export.upgrader.graph", "export.upgrader.profile", "export.upgrader.verdict"],
    ["export.upgrader.facts", "export.upgrader.report", "export.upgrader.weights"],
    ["export.upgrader.heads", "export.upgrader.model_files", "export.upgrader.poolers"],
    ["export.upgrader.rewrites"],
    ["export.upgrader.verify"],
    ["export.upgrader.api"],
    ["export.upgrader"],
    ["export"],
    ["export.torch", "export.paddle"],
    ["_demo", "_detector", "_doctor"],
    ["cli"],
]
# Of these it is what their __init__.py has, of others everything below.
OPEN = {"roiops", "export", "export.upgrader"}
UNITS = {unit: level for level, units in enumerate(LAYERS) for unit in units}


def modules(root: Path) -> Iterator[tuple[str, Path]]:
    """The modules of the installed package, named without "roiops."."""
    for folder, prefix in ((root / "python/roiops", ()), (root / "export", ("export",))):
        for path in sorted(folder.rglob("*.py")):
            parts = [*prefix, *path.relative_to(folder).with_suffix("").parts]
            yield ".".join(part for part in parts if part != "__init__") or "roiops", path


def unit_of(module: str) -> str | None:
    return next((u for u in UNITS if module == u or (u not in OPEN and module.startswith(f"{u}."))), None)


def imported(path: Path, known: set[str]) -> set[str]:
    """The modules of the package that a file imports; a name taken from a package is the package's."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "roiops":
            package = node.module.partition(".")[2]
            for alias in node.names:
                inner = f"{package}.{alias.name}".strip(".")
                names.add(inner if inner in known else package or "roiops")
        elif isinstance(node, ast.Import):
            found = [alias.name for alias in node.names if alias.name.split(".")[0] == "roiops"]
            names |= {name.partition(".")[2] or "roiops" for name in found}
    return names


def violations(root: Path) -> list[str]:
    """The imports that look up or sideways, as "MODULE imports MODULE", and modules that have no layer."""
    found, paths = [], dict(modules(root))
    for module, path in paths.items():
        own = unit_of(module)
        if own is None:
            found.append(f"{module} has no layer")
            continue
        for name in sorted(imported(path, set(paths))):
            unit = unit_of(name)
            if unit != own and (unit is None or UNITS[unit] >= UNITS[own]):
                found.append(f"{module} imports {name}")
    return found


def test_layers_only_look_down():
    assert violations(ROOT) == []
    assert {unit_of(module) for module, _ in modules(ROOT)} == set(UNITS)


@pytest.mark.parametrize(
    ("file", "line", "found"),
    [
        (
            "python/roiops/operators/new.py",
            "from roiops._checks import boxes",
            "operators.new imports _checks",
        ),
        ("python/roiops/_checks.py", "from roiops import _session", "_checks imports _session"),
        ("python/roiops/reference/new.py", "from roiops import roi_align", "reference.new imports roiops"),
        ("export/_tracer.py", "import roiops.export._schemas", "export._tracer imports export._schemas"),
        ("export/_nodes.py", "from roiops.export import _levels", "export._nodes imports export._levels"),
        (
            "export/upgrader/graph/new.py",
            "def f():\n    from roiops.export.upgrader.facts.facts import Facts",
            "export.upgrader.graph.new imports export.upgrader.facts.facts",
        ),
        (
            "export/upgrader/rewrites/new.py",
            "if TYPE_CHECKING:\n    from roiops.export.upgrader import verify",
            "export.upgrader.rewrites.new imports export.upgrader.verify",
        ),
        (
            "export/upgrader/poolers/new.py",
            "from roiops.export import upgrade",
            "export.upgrader.poolers.new imports export",
        ),
        (
            "export/torch/new.py",
            "from roiops.export.paddle import x",
            "export.torch.new imports export.paddle",
        ),
        ("export/new.py", "import numpy", "export.new has no layer"),
        ("python/roiops/new.py", "import numpy", "new has no layer"),
    ],
)
def test_an_import_that_looks_up_is_found(file, line, found, tmp_path):
    for module in ("_checks", "_session", "export/paddle/__init__", "export/upgrader/verify/__init__"):
        folder = tmp_path if module.startswith("export") else tmp_path / "python/roiops"
        (folder / f"{module}.py").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{module}.py").touch()
    (tmp_path / "export/upgrader/facts").mkdir(parents=True)
    for name in ("facts/facts", "__init__"):
        (tmp_path / f"export/upgrader/{name}.py").touch()
    for name in ("_schemas", "_levels", "__init__"):
        (tmp_path / f"export/{name}.py").touch()
    assert violations(tmp_path) == []
    planted = tmp_path / file
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(f"from roiops._values import flag\n{line}\n")
    assert violations(tmp_path) == [found]
