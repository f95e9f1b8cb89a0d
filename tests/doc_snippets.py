"""The Python snippets of the README and of docs/, each told apart by the framework that it needs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
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
        for i, (heading, code) in enumerate(_of_page(page.read_text()))
        if framework(code) == needs
    ]


def run_snippet(code: str) -> None:
    """Run a snippet on its own; ``np`` is there without an import."""
    exec(compile(code, "snippet", "exec"), {"__name__": "snippet", "np": np})


_SECTION = re.compile(r"^#+ (?P<heading>[^\n]+)|^```python\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)


def _of_page(text: str):
    heading = ""
    for match in re.finditer(
        r"^#+ (?P<heading>[^\n]+)|^```python\n(?P<code>.*?)^```", text, re.MULTILINE | re.DOTALL
    ):
        if match["code"]:
            yield heading, match["code"]
        else:
            heading = match["heading"]
