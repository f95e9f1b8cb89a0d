"""Our operators inside onnxscript functions."""

from __future__ import annotations

import numpy as np
import onnxscript
from onnx import checker
from onnxscript import opset17
from support import run

from roiops import reference
from roiops.export import opset1

X = np.random.default_rng(0).standard_normal((2, 3, 9, 11)).astype(np.float32)
BOXES = np.array([[0.5, 1.0, 7.0, 8.5], [2.0, 2.0, 4.0, 9.0], [-3.0, 1.0, 5.0, 5.0]], np.float32)
COUNTS = np.array([2, 1])
LEVELS = np.array([1, 0, 1])


def test_onnxscript_functions_call_our_operators():
    @onnxscript.script(default_opset=opset17)
    def head(
        x: onnxscript.FLOAT[None, None, None, None],
        boxes: onnxscript.FLOAT[None, 4],
        counts: onnxscript.INT64[None],
        levels: onnxscript.INT64[None],
    ) -> onnxscript.FLOAT[None, None, 2, 2]:
        single = opset1.RoiAlign(x, boxes, counts, output_height=2, output_width=2, sampling_ratio=2)
        both = opset1.MultiScaleRoiAlign(
            boxes, counts, levels, x, x, output_height=2, output_width=2, spatial_scales=[1.0, 0.5]
        )
        return opset17.Add(single, both)

    model = head.to_model_proto(ir_version=8)
    checker.check_model(model, full_check=True, check_custom_domain=True)
    expected = reference.roi_align(X, BOXES, COUNTS, 2, sampling_ratio=2)
    expected += reference.multiscale_roi_align([X, X], BOXES, COUNTS, LEVELS, 2, [1.0, 0.5])
    feeds = {"x": X, "boxes": BOXES, "counts": COUNTS, "levels": LEVELS}
    np.testing.assert_allclose(run(model, feeds), expected, atol=1e-5)
