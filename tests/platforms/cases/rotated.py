"""The operators on rotated boxes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from platforms.cases.common import TOLERANCE, Case, batches, dtype, features, model

from roiops import reference
from roiops.operators._operator import FEATURE_TYPES, INDEX_TYPES, box_types


def rotated_boxes(rng: np.random.Generator, count: int, extent: float, element_type: str) -> np.ndarray:
    """Boxes (count, 5) as cx, cy, w, h and an angle in radians, inside and partly outside of an image."""
    centres = rng.uniform(0, extent, (count, 2))
    sides = rng.uniform(0.1 * extent, 0.6 * extent, (count, 2))
    angles = rng.uniform(-3, 3, (count, 1))
    angles[::5] = 0
    return np.hstack([centres, sides, angles]).astype(dtype(element_type))


def roi_align_rotated() -> Iterator[Case]:
    rng = np.random.default_rng(8)
    choices = itertools.cycle(itertools.product(["avg", "max"], [-1, 2], [True, False]))
    for t, i in itertools.product(FEATURE_TYPES, INDEX_TYPES):
        for b in box_types(t):
            x, rois = features(rng, (2, 19, 13, 17), t), rotated_boxes(rng, 40, 17 / 0.5, b)
            batch = batches(rng, 2, len(rois))["boxes_num"].astype(i)
            mode, ratio, clockwise = next(choices)
            rule = {"sampling_ratio": ratio, "mode": mode, "clockwise": clockwise}
            inputs = {"X": x, "boxes": rois, "batch": batch}
            types = {"T": t, "B": b, "I": i}
            built = model("RoiAlignRotated", inputs, types, output_size=(3, 4), spatial_scale=0.5, **rule)
            expected = reference.roi_align_rotated(x, rois, batch, (3, 4), 0.5, **rule)
            yield Case(f"RoiAlignRotated_{t}_{b}_{i}", built, inputs, {"Y": (expected, 5 * TOLERANCE[t])})
    yield Case("RoiAlignRotated_counts", built, {**inputs, "batch": batch + 1}, error="'batch'")


def multi_scale_roi_align_rotated() -> Iterator[Case]:
    rng = np.random.default_rng(9)
    rule = {"output_size": (7, 6), "spatial_scales": [0.25, 0.125], "sampling_ratio": 2}
    for t, i in itertools.product(FEATURE_TYPES, INDEX_TYPES):
        for b in box_types(t):
            maps = [features(rng, (2, 20, 32 >> level, 40 >> level), t) for level in range(2)]
            rois = rotated_boxes(rng, 30, 120, b)
            batch, levels = batches(rng, 2, len(rois))["boxes_num"].astype(i), rng.integers(0, 2, len(rois))
            inputs = {"boxes": rois, "batch": batch, "levels": levels, "X_0": maps[0], "X_1": maps[1]}
            built = model("MultiScaleRoiAlignRotated", inputs, {"T": t, "B": b, "I": i}, **rule)
            expected = reference.multiscale_roi_align_rotated(maps, rois, batch, levels, **rule)
            outputs = {"Y": (expected, 5 * TOLERANCE[t])}
            yield Case(f"MultiScaleRoiAlignRotated_{t}_{b}_{i}", built, inputs, outputs)
    yield Case("MultiScaleRoiAlignRotated_level", built, {**inputs, "levels": levels + 2}, error="'levels'")


def box_iou_rotated() -> Iterator[Case]:
    rng = np.random.default_rng(10)
    for t in FEATURE_TYPES:
        inputs = {"a": rotated_boxes(rng, 23, 50, t), "b": rotated_boxes(rng, 31, 50, t)}
        built = model("BoxIouRotated", inputs, {"T": t}, mode="iof")
        expected = reference.box_iou_rotated(inputs["a"], inputs["b"], mode="iof")
        yield Case(f"BoxIouRotated_{t}", built, inputs, {"overlap": (expected, TOLERANCE[t])})
    yield Case("BoxIouRotated_rank", built, {**inputs, "a": inputs["a"][0]}, error="a")


def nms_rotated() -> Iterator[Case]:
    rng = np.random.default_rng(11)
    rule = {"iou_threshold": 0.3, "max_output_boxes_per_class": 20}
    for t in FEATURE_TYPES:
        rois = rotated_boxes(rng, 80, 90, t).reshape(2, 40, 5)
        scores = np.stack([rng.permutation(40) for _ in range(6)]).reshape(2, 3, 40) / 64
        inputs = {"boxes": rois, "scores": scores.astype(dtype(t))}
        built = model("NmsRotated", inputs, {"T": t}, **rule)
        expected = reference.nms_rotated(*inputs.values(), **rule)
        yield Case(f"NmsRotated_{t}", built, inputs, {"selected": (expected, 0.0)})
    yield Case("NmsRotated_boxes", built, {**inputs, "boxes": rois[:, :3]}, error="boxes")
