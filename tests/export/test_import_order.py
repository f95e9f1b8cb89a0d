"""onnx.reference, which lists all schemas when it is imported, beside what registers ours; in any order."""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations

import pytest

STEPS = {
    "reference": "from onnx.reference import ReferenceEvaluator",
    "schemas": "from roiops import export; export.register_schemas()",
    "ops": "import roiops.reference_ops",
}
REGISTERING = {
    "bodies": "from roiops import export; "
    "export.add_function_bodies(export.make_roi_align_model(output_size=2))",
    "opset1": "from roiops.export import opset1",
    "upgrade": "from roiops import export; export.upgrade(export.make_roi_align_model(output_size=2))",
}
EVALUATE = """
import numpy as np
from onnx import defs
from onnx.reference import ReferenceEvaluator
from roiops import export
import roiops.reference_ops
x, boxes = np.ones((1, 1, 4, 4), np.float32), np.array([[0, 0, 4, 4]], np.float32)
feeds = {"X": x, "boxes": boxes, "batch": np.array([1])}
model = export.make_roi_align_model(output_size=1)
print(ReferenceEvaluator(model, new_ops=list(roiops.reference_ops.OPS)).run(None, feeds)[0].item())
"""


def evaluated(steps: list[str]) -> str:
    code = "\n".join([*steps, EVALUATE])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.mark.parametrize("order", list(permutations(STEPS)), ids="-".join)
def test_every_order(order):
    assert evaluated([STEPS[name] for name in order]) == "1.0"


@pytest.mark.parametrize("name", REGISTERING)
def test_onnx_reference_after_what_registers_schemas(name):
    assert evaluated([REGISTERING[name]]) == "1.0"
