"""The table of attacks in docs/security.md: its tests exist, its messages are those that are seen."""

from __future__ import annotations

import re
from inspect import isfunction
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from attacks import children, hostile
from attacks.hostile import INPUTS, X, inputs, model, run, session
from doc_snippets import table
from onnx import TensorProto, helper

HERE = Path(__file__).parent


def rows() -> list[tuple[str, str]]:
    """Message and tests of each attack."""
    rows = table("security.md", "Attack", "Message, or result", "Test")
    return [(message, tests) for _, message, tests in rows]


def messages() -> set[str]:
    return {
        text for message, tests in rows() if "process" not in tests for text in re.findall("`(.+?)`", message)
    }


def other_rank() -> None:
    declared = model("RoiAlign")
    declared.graph.input[0].CopyFrom(helper.make_tensor_value_info("X", TensorProto.FLOAT, [None] * 3))
    session(declared).run(None, INPUTS["RoiAlign"])


def bound_output() -> None:
    pooler = session(model("RoiAlign"))
    binding = pooler.io_binding()
    for name, value in INPUTS["RoiAlign"].items():
        binding.bind_cpu_input(name, value)
    binding.bind_ortvalue_output("Y", ort.OrtValue.ortvalue_from_numpy(np.zeros(1, np.float32)))
    pooler.run_with_iobinding(binding)


def fed(operator: str = "RoiAlign", **changes: np.ndarray):
    return lambda: run(operator, inputs(operator, **changes))


def made(operator: str = "RoiAlign", **attributes):
    return lambda: session(model(operator, **attributes))


ATTEMPTS = [
    made(output_height=0),
    made(mode=1),
    made(mode=b"\xff\xfe\xc3"),
    made(spatial_scale=float("nan")),
    made(input_names=["X"]),
    fed(X=X[:, :, 0, 0]),
    fed(X=np.empty((2, 0, 2**31, 1), np.float32)),
    lambda: run("RoiAlign", output_height=2**31 - 1, output_width=2**31 - 1),
    other_rank,
    bound_output,
    fed(boxes=np.array([[0, 0, 4, 4], [np.nan, 0, 4, 4], [0, 0, 4, 4]], np.float32)),
    fed(batch=np.array([-1, 4])),
    fed(batch=np.array([4, 0])),
    fed("MultiScaleRoiAlign", levels=np.array([0, 0, 2])),
    fed("MultiScaleRoiAlign", X_1=X[:1]),
]


def test_messages():
    unseen = messages()
    for attempt in ATTEMPTS:
        with pytest.raises(Exception, match="hostile_node|input: X") as caught:
            attempt()
        unseen = {message for message in unseen if message not in str(caught.value)}
    assert not unseen


def test_every_row_names_a_test():
    sources = "".join(path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py"))
    written = set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE))
    for row in rows():
        named = re.findall(r"`(test_\w+)[\[`]", row[1])
        assert named and set(named) <= written, row
    attacks = {name for name, value in vars(children).items() if isfunction(value) and value.__doc__}
    processes = set(re.findall(r"test_process_survives\[(\w+)\]", str(rows())))
    assert processes == attacks - set(vars(hostile))
