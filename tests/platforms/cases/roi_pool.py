"""RoiPool and the standard MaxRoiPool."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from onnx import helper
from platforms.cases.common import (
    OVERRIDE,
    TOLERANCE,
    Case,
    batches,
    boxes,
    dtype,
    features,
    model,
    standard_model,
)

from roiops import reference
from roiops.operators._operator import FEATURE_TYPES, INDEX_TYPES, box_types


def roi_pool() -> Iterator[Case]:
    rng = np.random.default_rng(4)
    for t, i in itertools.product(FEATURE_TYPES, INDEX_TYPES):
        for b in box_types(t):
            x, rois = features(rng, (2, 19, 13, 17), t), boxes(rng, 40, 17 / 0.5, b)
            batch = batches(rng, 2, len(rois))["boxes_num"].astype(i)
            inputs = {"X": x, "boxes": rois, "batch": batch}
            built = model("RoiPool", inputs, {"T": t, "B": b, "I": i}, output_size=(3, 4), spatial_scale=0.5)
            expected = reference.roi_pool(x, rois, batch, (3, 4), 0.5)
            yield Case(f"RoiPool_{t}_{b}_{i}", built, inputs, {"Y": (expected, TOLERANCE[t])})
    yield Case("RoiPool_counts", built, {**inputs, "batch": batch + 1}, error="'batch'")


def max_roi_pool() -> Iterator[Case]:
    rng = np.random.default_rng(7)
    node = helper.make_node("MaxRoiPool", ["X", "rois"], ["Y"], pooled_shape=[3, 4], spatial_scale=0.5)
    for opset, t in itertools.product((16, 22), FEATURE_TYPES):
        if (opset, t) == (16, "bfloat16"):
            continue
        x, rois = features(rng, (2, 19, 13, 17), t), boxes(rng, 40, 17 / 0.5, t)
        indices = batches(rng, 2, len(rois))["batch_indices"]
        inputs = {"X": x, "rois": np.hstack([indices[:, None].astype(dtype(t)), rois])}
        expected = reference.roi_pool(x, rois, indices, (3, 4), 0.5, batch_format="batch_indices")
        outputs = {"Y": (expected, TOLERANCE[t])}
        built = standard_model(node, inputs, opset)
        yield Case(f"MaxRoiPool_{opset}_{t}", built, inputs, outputs, library=OVERRIDE)
