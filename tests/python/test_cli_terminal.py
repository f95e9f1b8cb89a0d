"""What the commands print on a terminal: tables that wrap, and cut nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import onnx
import pytest
from doc_snippets import ROOT

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX")
GRAPH = ROOT / "tests" / "export" / "upgrader" / "graphs" / "torchvision_ts16_images1.onnx"


def on_terminal(columns: int, *arguments: object) -> list[str]:
    """The lines that a command prints on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    running = subprocess.Popen(
        [sys.executable, "-m", "roiops.cli", *map(str, arguments)],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    os.close(theirs)
    printed = b""
    try:
        while part := os.read(ours, 1 << 16):
            printed += part
    except OSError:  # what Linux says at the end of a terminal
        pass
    os.close(ours)
    assert running.wait(timeout=60) == 0
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", printed.decode()).split("\r\n")


def column(lines: list[str], index: int) -> str:
    """The text of a table's column, the pieces of its cells put together again."""
    return "".join(line.strip("│").split("│")[index].strip() for line in lines if line.startswith("│"))


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("command", ["inspect", "upgrade"])
def test_tables_wrap_and_cut_nothing(command, columns, tmp_path):
    model = onnx.load(GRAPH)
    pools = [node for node in model.graph.node if node.op_type == "RoiAlign"]
    for index, node in enumerate(pools):
        node.name = f"/roi_heads/box_roi_pool/a_very_long_name_of_a_module/RoiAlign_{index}_of_{len(pools)}"
    onnx.save(model, tmp_path / "long.onnx")
    outputs = [tmp_path / "out.onnx"] if command == "upgrade" else []
    lines = on_terminal(columns, command, tmp_path / "long.onnx", *outputs)
    assert max(map(len, lines)) <= columns
    text = "\n".join(lines)
    assert "…" not in text
    assert all(node.name in column(lines, 0) for node in pools)
    assert f"into{pools[0].output[0].split('/')[0]}" in column(lines, 4)
    assert re.search(r"(upgrade would give|upgraded): ", text)
