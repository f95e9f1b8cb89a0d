"""RoiAlign, MultiScaleRoiAlign and the standard RoiAlign."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import onnx
from onnx import helper
from platforms.cases.common import (
    OVERRIDE,
    TOLERANCE,
    Case,
    batches,
    boxes,
    features,
    model,
    standard_model,
)

from roiops import reference
from roiops.operators._operator import FEATURE_TYPES, INDEX_TYPES, box_types


def roi_align() -> Iterator[Case]:
    rng = np.random.default_rng(1)
    choices = itertools.cycle(
        itertools.product([True, False], ["avg", "max"], [-1, 2, 0], ["boxes_num", "batch_indices"])
    )
    shapes = itertools.cycle([((2, 19, 13, 17), (3, 5)), ((1, 64, 25, 34), (7, 7)), ((3, 4, 1, 30), (2, 1))])
    combinations = [(t, b, i) for t in FEATURE_TYPES for b in box_types(t) for i in INDEX_TYPES]
    for number, (t, b, i) in enumerate(combinations * 3):
        shape, size = next(shapes)
        aligned, mode, ratio, batch_format = next(choices)
        x, rois = features(rng, shape, t), boxes(rng, 40, shape[3] / 0.25, b)
        batch = batches(rng, shape[0], len(rois))[batch_format].astype(i)
        rule = {"sampling_ratio": ratio, "aligned": aligned, "mode": mode, "batch_format": batch_format}
        inputs = {"X": x, "boxes": rois, "batch": batch}
        built = model(
            "RoiAlign", inputs, {"T": t, "B": b, "I": i}, output_size=size, spatial_scale=0.25, **rule
        )
        expected = reference.roi_align(x, rois, batch, size, 0.25, **rule)
        yield Case(f"RoiAlign_{t}_{b}_{i}_{number}", built, inputs, {"Y": (expected, TOLERANCE[t])})

    inputs = {
        "X": features(rng, (2, 3, 8, 8), "float32"),
        "boxes": boxes(rng, 4, 8, "float32"),
        "batch": np.array([1, 3]),
    }
    built = model("RoiAlign", inputs, {"T": "float32", "B": "float32", "I": "int64"}, output_size=2)
    none = {**inputs, "boxes": inputs["boxes"][:0], "batch": np.array([0, 0])}
    yield Case("RoiAlign_no_boxes", built, none, {"Y": (np.zeros((0, 3, 2, 2)), 0.0)})
    infinite = inputs["boxes"].copy()
    infinite[2, 1] = np.inf
    yield Case("RoiAlign_infinite", built, {**inputs, "boxes": infinite}, error="'boxes'")
    yield Case("RoiAlign_counts", built, {**inputs, "batch": np.array([1, 2])}, error="'batch'")
    yield Case("RoiAlign_rank", built, {**inputs, "batch": np.array(4)}, error="batch")
    wrong = onnx.ModelProto()
    wrong.CopyFrom(built)
    next(a for a in wrong.graph.node[0].attribute if a.name == "mode").s = b"median"
    yield Case("RoiAlign_mode", wrong, inputs, error="median")


def multi_scale_roi_align() -> Iterator[Case]:
    rng = np.random.default_rng(2)
    scales = [0.25, 0.125, 0.0625]
    for number, (t, i) in enumerate(itertools.product(FEATURE_TYPES, INDEX_TYPES)):
        for b in box_types(t):
            maps = [features(rng, (2, 20, 32 >> level, 40 >> level), t) for level in range(3)]
            rois = boxes(rng, 50, 150, b)
            batch = batches(rng, 2, len(rois))["boxes_num"].astype(i)
            levels = rng.integers(0, 3, len(rois))
            inputs = {
                "boxes": rois,
                "batch": batch,
                "levels": levels,
                **{f"X_{level}": x for level, x in enumerate(maps)},
            }
            rule = {
                "output_size": (7, 6),
                "spatial_scales": scales,
                "sampling_ratio": number % 3,
                "aligned": number % 2 == 0,
            }
            built = model("MultiScaleRoiAlign", inputs, {"T": t, "B": b, "I": i}, **rule)
            expected = reference.multiscale_roi_align(maps, rois, batch, levels, **rule)
            yield Case(f"MultiScaleRoiAlign_{t}_{b}_{i}", built, inputs, {"Y": (expected, TOLERANCE[t])})
    yield Case("MultiScaleRoiAlign_level", built, {**inputs, "levels": levels + 3}, error="'levels'")


def standard_roi_align() -> Iterator[Case]:
    rng = np.random.default_rng(3)
    modes = ["half_pixel", "output_half_pixel"]
    for opset, t, aligned in itertools.product((16, 22), FEATURE_TYPES, (True, False)):
        if (opset, t) == (16, "bfloat16"):
            continue
        x, rois = features(rng, (2, 19, 13, 17), t), boxes(rng, 40, 17 / 0.5, t)
        indices = batches(rng, 2, len(rois))["batch_indices"]
        node = helper.make_node(
            "RoiAlign",
            ["X", "rois", "batch_indices"],
            ["Y"],
            output_height=3,
            output_width=4,
            spatial_scale=0.5,
            sampling_ratio=2,
            coordinate_transformation_mode=modes[not aligned],
        )
        inputs = {"X": x, "rois": rois, "batch_indices": indices}
        expected = reference.roi_align(
            x, rois, indices, (3, 4), 0.5, 2, aligned, batch_format="batch_indices"
        )
        built = standard_model(node, inputs, opset)
        name = f"standard_RoiAlign_{opset}_{t}_{modes[not aligned]}"
        yield Case(name, built, inputs, {"Y": (expected, TOLERANCE[t])}, library=OVERRIDE)
    # The built-in operator takes it: this shows whose kernel ran.
    not_finite = {**inputs, "rois": np.full_like(rois, np.nan)}
    yield Case("standard_RoiAlign_not_finite", built, not_finite, error="finite", library=OVERRIDE)
