"""The layers of ops/: a file includes its own folder and lower ones. docs/design.md has the same map."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# From the bottom up. The other folders are operators, and what is above these and sees them all: what another
# project calls them, and the libraries' lists.
LAYERS = ["base", "ort", "roi", "axis", "cpu", "cuda", "pooling", "rotated"]
ABOVE = ["mmdeploy", "libraries"]
SUFFIXES = {".h", ".cc", ".inc", ".cu", ".cuh"}


def includes(file: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*["<]([^">]+)[">]', file.read_text(), re.MULTILINE)


def violations(ops: Path) -> list[str]:
    """Return the includes that look up, as "FILE includes FILE"."""
    operators = sorted({f.name for f in ops.iterdir() if f.is_dir()} - {*LAYERS, *ABOVE})
    folders = [*LAYERS, *operators, *ABOVE]
    found = []
    for file in sorted(f for f in ops.rglob("*") if f.suffix in SUFFIXES):
        own = file.relative_to(ops).parts[0]
        lower = LAYERS if own in operators else folders[: folders.index(own)]
        for name in includes(file):
            folder = name.split("/")[0]
            if folder in folders and folder not in {own, *lower}:
                found.append(f"{file.relative_to(ops)} includes {name}")
            if name.startswith("onnxruntime") and own not in ("ort", "libraries"):
                found.append(f"{file.relative_to(ops)} includes {name}")
    return found


def reached(file: Path, ops: Path) -> set[str]:
    """Return everything that a file includes, directly or not."""
    names, open_files = set(), [file]
    while open_files:
        new = set(includes(open_files.pop())) - names
        names |= new
        open_files += [ops / name for name in new if (ops / name).exists()]
    return names


def test_layers_only_look_down():
    assert violations(ROOT / "ops") == []


def test_device_code_sees_nothing_of_the_host():
    kernels = list((ROOT / "ops").rglob("*.cu"))
    assert kernels
    for file in kernels:
        host = {"functional", "vector", "string", "memory"}
        seen = reached(file, ROOT / "ops")
        assert not {n for n in seen if n in host or n.split("/")[0] in ("cpu", "ort") or "/cpu/" in n}, file


@pytest.mark.parametrize(
    ("file", "include"),
    [
        ("base/new.h", "ort/api.h"),
        ("cpu/new.h", "roi_align/rule.h"),
        ("roi_pool/new.cc", "roi_align/rule.h"),
        ("pooling/cpu/new.h", "rotated/box.h"),
        ("roi/new.h", "onnxruntime_c_api.h"),
        ("roi_align/new.cc", "libraries/list.h"),
        ("roi_align/new.cc", "mmdeploy/ops.h"),
        ("mmdeploy/new.cc", "libraries/list.h"),
    ],
)
def test_an_include_that_looks_up_is_found(file, include, tmp_path):
    for folder in (*LAYERS, "roi_align", "roi_pool", *ABOVE):
        (tmp_path / folder).mkdir()
    planted = tmp_path / file
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(f'#include "base/error.h"\n#include "{include}"\n')
    assert violations(tmp_path) == [f"{file} includes {include}"]


def test_the_map_of_design_md_is_the_tree():
    text = (ROOT / "docs/design.md").read_text()
    for folder in (f for f in (ROOT / "ops").iterdir() if f.is_dir()):
        assert f"`ops/{folder.name}/`" in text, f"docs/design.md does not say what is in ops/{folder.name}/"
