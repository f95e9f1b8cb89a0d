"""Fresh exports of Paddle's roi_align, repaired, against eager Paddle.

Needs paddlepaddle and paddle2onnx:
pytest tests/interop/test_upgrade_paddle.py -o addopts=--import-mode=importlib
"""

from __future__ import annotations

import numpy as np
import pytest

paddle = pytest.importorskip("paddle")
pytest.importorskip("paddle2onnx")

from make_paddle_graphs import Pool, example, export  # noqa: E402
from support import run  # noqa: E402

from roiops.export import upgrade  # noqa: E402


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("opset", [11, 16])
@pytest.mark.parametrize("ratio", [-1, 2])
def test_roi_align(aligned, opset, ratio):
    layer = Pool(aligned, ratio)
    layer.eval()
    repaired, report = upgrade(export(layer, opset), paddle_aligned=aligned)
    assert report.count("repaired") == 1
    inputs = example()
    expected = layer(*(paddle.to_tensor(value) for value in inputs.values())).numpy()
    assert np.abs(run(repaired, inputs) - expected).max() <= 1e-5 * np.abs(expected).max()
