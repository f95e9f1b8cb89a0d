"""The Python snippets of the README and of docs/, each told apart by the framework that it needs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
# Run as a whole, Python and commands in their order.
WALKTHROUGHS = [DOCS / "tutorial.md", DOCS / "after-upgrading.md"]
_DETECTOR = ROOT / "tests" / "export" / "upgrader" / "graphs" / "whole_detectron2.onnx"
FRAMEWORKS = ("torch", "paddle")


def framework(code: str) -> str | None:
    """The framework that a snippet imports, or None: every snippet belongs to exactly one set of tests."""
    pattern = r"^\s*(?:import|from) (?:roiops\.export\.)?({})\b"
    found = {name for name in FRAMEWORKS if re.search(pattern.format(name), code, re.MULTILINE)}
    assert len(found) <= 1, f"a snippet must not need {found} together:\n{code}"
    return found.pop() if found else None


def snippets(needs: str | None) -> list:
    """pytest parameters, the code of every snippet that needs this framework; ids name page and heading."""
    return [
        pytest.param(code, id=f"{page.stem}-{heading}-{i}")
        for page in PAGES
        if page not in WALKTHROUGHS
        for i, (heading, code) in enumerate(_of_page(page.read_text()))
        if framework(code) == needs
    ]


def run_snippet(code: str, names: dict[str, object] | None = None) -> None:
    """Run a snippet on its own, or among the names of those before it; ``np`` is there without an import."""
    names = {} if names is None else names
    names.update(__name__="snippet", np=np)
    exec(compile(code, "snippet", "exec"), names)


_BLOCK = r"^```{}\n(?P<code>.*?)^```"


def blocks(page: Path, languages: str = "python|bash|text") -> list[tuple[str, str]]:
    """Language and text of the page's blocks, in order."""
    pattern = re.compile(_BLOCK.format(f"(?P<language>{languages})"), re.MULTILINE | re.DOTALL)
    return [(match["language"], match["code"]) for match in pattern.finditer(page.read_text())]


def walk(page: Path, folder: Path) -> None:
    """Follow a page in a folder with a detector and a picture: run its Python and commands in order.

    What a block of text says must have been printed by the commands before it.
    """
    shutil.copy(_DETECTOR, folder / "detector.onnx")
    pixels = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    Image.fromarray(pixels).save(folder / "picture.jpg")
    printed, names = "", {}
    for language, code in blocks(page):
        if language == "python":
            run_snippet(code, names)
        elif language == "bash":
            printed = _command(code, folder)
        else:
            assert not [line for line in code.splitlines() if line not in printed], printed


def _command(script: str, folder: Path) -> str:
    """What a shell prints for a block of commands; ``python`` and ``roiops`` are those that run the tests."""
    tools = f'python() {{ "{sys.executable}" "$@"; }}; roiops() {{ python -m roiops.cli "$@"; }}'
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{tools}\n{script}"],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, f"{script}{ran.stdout}{ran.stderr}"
    return ran.stdout


def _of_page(text: str):
    heading = ""
    pattern = r"^#+ (?P<heading>[^\n]+)|" + _BLOCK.format("python")
    for match in re.finditer(pattern, text, re.MULTILINE | re.DOTALL):
        if match["code"]:
            yield heading, match["code"]
        else:
            heading = match["heading"]


def table(page: str, *columns: str) -> list[list[str]]:
    """The cells of the rows of the tables of a page whose columns are called so, wherever they stand."""
    rows: list[list[str]] = []
    inside = False
    for line in (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        inside = line.startswith("|") and (inside or cells == list(columns))
        if inside and cells != list(columns) and not line.startswith("|---"):
            rows.append(cells)
    assert rows, f"docs/{page}: wanted a table with columns {' | '.join(columns)}"
    return rows
