"""The user's side of an export: checks, the converting process, and the model put together again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import onnx
from onnx import helper

from roiops.export.paddle._nodes import RoiNodes
from roiops.operators import DOMAIN, VERSION

_LOG_LINES = 2


class PaddleExportError(ValueError):
    """A Paddle model that cannot be exported; the message says what was found."""


def convert(model: Path, opset: int) -> tuple[onnx.ModelProto, dict[str, str]]:
    """Convert a saved model; its RoI operators are ours, its nodes in no order.

    Args:
        model: a .json or .pdmodel file beside its .pdiparams.
        opset: of the standard operators.

    Returns:
        The model, and RoiNodes.counts.

    Raises:
        PaddleExportError: saying why not.
    """
    with tempfile.TemporaryDirectory() as folder:
        process = _run(model.resolve(), Path(folder), opset)
        record = Path(folder) / "cut.json"
        outcome: dict[str, Any] = (
            json.loads(record.read_text()) if record.is_file() else {"error": _tail(process)}
        )
        if "error" in outcome:
            raise PaddleExportError(outcome["error"])
        converted = Path(folder) / "model.onnx"
        if not converted.is_file():
            raise PaddleExportError(_refused(process, outcome["operators"]))
        return join(onnx.load(converted), outcome["cut"], outcome["passed"])


def _run(model: Path, folder: Path, opset: int) -> subprocess.CompletedProcess:
    module = "roiops.export.paddle._process"
    paths = [os.path.abspath(path) for path in sys.path]
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", module, str(model), str(folder), str(opset)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "FLAGS_enable_pir_api": "1"},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def _refused(process: subprocess.CompletedProcess, operators: list[str]) -> str:
    return (
        f"paddle2onnx does not convert all of its operators ({', '.join(operators)}); export a part without "
        f"the others, for example from feature maps and boxes to the end. It said: {_tail(process)}"
    )


def _tail(process: subprocess.CompletedProcess) -> str:
    """The end of what a process said, without Paddle's native stack."""
    said = process.stdout.split("C++ Traceback")[0].splitlines()
    lines = [line.strip() for line in said if line.strip(" -")]
    return " | ".join([*lines[-_LOG_LINES:], f"exit status {process.returncode}"])


def join(
    model: onnx.ModelProto, records: list[dict[str, Any]], passed: list[tuple[str, str]]
) -> tuple[onnx.ModelProto, dict[str, str]]:
    """Put the nodes of what was cut out where it was: between values that have its names.

    Args:
        model: without them; it is changed.
        records: what _program.cut returns.
        passed: what _program.passed returns.

    Returns:
        The model, and RoiNodes.counts.
    """
    graph = model.graph
    made = {name for record in records for name in record["outputs"]}
    read = {name for record in records for name in record["inputs"]}
    read -= {value.name for value in graph.input}
    for values, inner in ((graph.input, made), (graph.output, read)):
        kept = [value for value in values if value.name not in inner]
        del values[:]
        values.extend(kept)
    ours = RoiNodes(records)
    graph.node.extend(ours.nodes)
    graph.node.extend(helper.make_node("Identity", [source], [output]) for source, output in passed)
    model.opset_import.append(helper.make_opsetid(DOMAIN, VERSION))
    return model, ours.counts
