"""PasteMasks and HeatmapsToKeypoints."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from platforms.cases.common import TOLERANCE, Case, boxes, features, model

from roiops import reference
from roiops.operators._operator import FEATURE_TYPES, box_types


def paste_masks() -> Iterator[Case]:
    rng = np.random.default_rng(5)
    size = np.array([40, 50])
    for t, convention in itertools.product(FEATURE_TYPES, ("torchvision", "detectron2", "mmdetection")):
        for b in box_types(t):
            masks, rois = features(rng, (9, 14, 14), t), boxes(rng, 9, 50, b)
            rois[:, 2:] = np.maximum(rois[:, 2:], rois[:, :2] + np.asarray(2, rois.dtype))
            inputs = {"masks": masks, "boxes": rois, "image_size": size}
            built = model("PasteMasks", inputs, {"T": t, "B": b}, convention=convention)
            expected = reference.paste_masks(masks, rois, size, convention)
            # Steps of a 16-bit coordinate are seen by both, but mask pixels are a fraction of a box.
            tolerance = 20 * TOLERANCE[t]
            yield Case(f"PasteMasks_{t}_{b}_{convention}", built, inputs, {"pasted": (expected, tolerance)})
    yield Case("PasteMasks_size", built, {**inputs, "image_size": -size}, error="'image_size'")


def heatmaps_to_keypoints() -> Iterator[Case]:
    rng = np.random.default_rng(6)
    for t in FEATURE_TYPES:
        for b in box_types(t):
            maps, rois = features(rng, (6, 5, 14, 14), t), boxes(rng, 6, 40, b)
            maps[:] = 0
            peaks = rng.integers(2, 12, (6, 5, 2))  # one pixel each, so that no rounding moves them
            for k, p in np.ndindex(6, 5):
                maps[k, p, peaks[k, p, 0], peaks[k, p, 1]] = 1
            rois[:, 2:] = rois[:, :2] + np.asarray(21, rois.dtype)
            inputs = {"maps": maps, "rois": rois}
            built = model("HeatmapsToKeypoints", inputs, {"T": t, "B": b})
            keypoints, scores = reference.heatmaps_to_keypoints(maps, rois)
            outputs = {"keypoints": (keypoints, 60 * TOLERANCE[b]), "scores": (scores, 5 * TOLERANCE[b])}
            yield Case(f"HeatmapsToKeypoints_{t}_{b}", built, inputs, outputs)
    yield Case("HeatmapsToKeypoints_rank", built, {**inputs, "rois": rois[0]}, error="rois")
