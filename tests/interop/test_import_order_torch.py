"""roiops.export.torch before and after onnx.reference and the schemas, in fresh processes."""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations

import pytest

STEPS = {
    "reference": "from onnx.reference import ReferenceEvaluator",
    "schemas": "from roiops import export; export.register_schemas()",
    "torch": "import roiops.export.torch; roiops.export.torch.translation_table()",
}


@pytest.mark.parametrize("order", list(permutations(STEPS)), ids="-".join)
def test_every_order(order):
    code = "\n".join(STEPS[name] for name in order)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
