"""PasteMasks against writing its result once, HeatmapsToKeypoints on several kinds of maps.

`benchmarks.detectors` compares both with the loops that PyTorch exports.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from benchmarks import measure, sessions
from roiops import export

IMAGE = (800, 1088)
KEYPOINT_BOX = (200, 300)  # width, height
_MASK, _MAP, _KEYPOINTS = 28, 56, 17


def masks(detections: int, threads: int, rounds: int) -> Iterator[dict[str, object]]:
    """Measure every convention and kind of output; the result is written once by one thread."""
    rng = np.random.default_rng(0)
    feeds = {
        "masks": rng.random((detections, 1, _MASK, _MASK)).astype(np.float32),
        "boxes": _boxes(rng, rng.uniform(40, 400, (detections, 2))),
        "image_size": np.array(IMAGE),
    }
    for convention in ("torchvision", "detectron2"):
        for output in ("soft", "bool", "uint8"):
            model = export.make_paste_masks_model(convention=convention, output=output)
            call = sessions.model_call(model.SerializeToString(), feeds, threads)
            result = np.zeros(detections * IMAGE[0] * IMAGE[1] * (4 if output == "soft" else 1), np.uint8)
            pair = measure.take_turns(call, partial(result.fill, 1), rounds)
            low, high = (1 / ratio for ratio in reversed(pair.spread))
            yield {
                "operator": f"PasteMasks, {convention}, {output}",
                "ms": round(float(np.median(pair.ours)) * 1e3, 2),
                "result MB": f"{result.nbytes / 1e6:.0f}",
                "writing it once ms": round(float(np.median(pair.peer)) * 1e3, 2),
                "times that": round(1 / pair.ratio, 2),
                "quartiles": f"{low:.2f}–{high:.2f}",
            }


def keypoints(detections: int, threads: int, rounds: int) -> Iterator[dict[str, object]]:
    """Measure maps with a peak, as a trained network makes them, against maps of noise."""
    rng = np.random.default_rng(0)
    boxes = _boxes(rng, np.tile(np.array(KEYPOINT_BOX, float), (detections, 1)))
    model = export.make_heatmaps_to_keypoints_model().SerializeToString()
    peaked, *others = [
        (kind, sessions.model_call(model, {"maps": maps, "rois": boxes}, threads))
        for kind, maps in _heatmaps(rng, detections)
    ]
    for kind, call in others:
        pair = measure.take_turns(call, peaked[1], rounds)
        low, high = (1 / ratio for ratio in reversed(pair.spread))
        yield {
            "operator": f"HeatmapsToKeypoints, boxes of {KEYPOINT_BOX[0]} × {KEYPOINT_BOX[1]}, {kind}",
            "ms": round(float(np.median(pair.ours)) * 1e3, 2),
            f"{peaked[0]} ms": round(float(np.median(pair.peer)) * 1e3, 2),
            "times that": round(1 / pair.ratio, 2),
            "quartiles": f"{low:.2f}–{high:.2f}",
        }


def _boxes(rng: np.random.Generator, sides: np.ndarray) -> np.ndarray:
    corners = rng.uniform(size=sides.shape) * (np.array(IMAGE[::-1]) - sides)
    return np.concatenate([corners, corners + sides], 1).astype(np.float32)


def _heatmaps(rng: np.random.Generator, detections: int) -> Iterator[tuple[str, np.ndarray]]:
    shape = (detections, _KEYPOINTS, _MAP, _MAP)
    noise = rng.standard_normal(shape).astype(np.float32)
    y, x = np.mgrid[:_MAP, :_MAP]
    row, column = rng.uniform(0, _MAP, (2, *shape[:2], 1, 1))
    peak = 10 * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 8)
    yield "maps with a peak", (peak + 0.1 * noise).astype(np.float32)
    yield "normal noise", noise
    yield "uniform noise", rng.random(shape, np.float32)
