"""docs/security.md names only tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent


def test_every_row_names_a_test():
    page = (HERE.parents[1] / "docs" / "security.md").read_text()
    written = set(
        re.findall(r"^def (test_\w+)", "".join(p.read_text() for p in HERE.glob("test_*.py")), re.M)
    )
    table = page.split("## Attacks and what they meet")[1].split("## What is left")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    for row in rows:
        named = re.findall(r"`(test_\w+)[\[`]", row)
        assert named and set(named) <= written, row
    processes = re.findall(r"test_process_survives\[(\w+)\]", table)
    assert set(processes) == set(re.findall(r'^def (\w+)\(\) -> None:\n    """', children(), re.M))


def children() -> str:
    return (HERE / "children.py").read_text()
