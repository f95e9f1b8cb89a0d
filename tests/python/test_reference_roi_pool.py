"""The oracle of RoiPool is ONNX Runtime's MaxRoiPool."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper
from random_rois import case, rois
from support import one_node_model, run

from roiops.reference import roi_pool


@pytest.mark.parametrize("seed", range(40))
def test_it_is_onnx_runtimes_max_roi_pool(seed):
    x, boxes, images, size, scale = case(seed)
    node = helper.make_node("MaxRoiPool", ["X", "rois"], ["Y"], pooled_shape=size, spatial_scale=scale)
    shapes = [("X", TensorProto.FLOAT, None), ("rois", TensorProto.FLOAT, None)]
    model = one_node_model([node], shapes, [("Y", TensorProto.FLOAT, None)], 17)
    y = run(model, {"X": x, "rois": rois(images, boxes)}, plugin=False)
    expected = roi_pool(x, boxes, images, size, scale, batch_format="batch_indices")
    np.testing.assert_array_equal(y, expected)
