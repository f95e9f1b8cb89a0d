"""PasteMasks and HeatmapsToKeypoints as the device computes them, on arrays in host memory."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
from cuda_host_pool import compile_for_host
from cuda_plain_heads import pasted_array, plain_keypoints, plain_paste


class HostHeads:
    """Both, compiled for this machine."""

    def __init__(self, folder: Path):
        sources = ["tests/cuda/heads_on_host.cc", "ops/paste_masks/cuda/request.cc"]
        self._library = ctypes.CDLL(str(compile_for_host(folder / "heads_on_host.so", sources)))

    def paste(self, masks, boxes, size, convention, kind, threshold=0.5) -> np.ndarray:
        """Paste; arguments as in ``roiops.reference.paste_masks``."""
        output = pasted_array(masks, size, kind)
        self._library.PasteOnHost(
            ctypes.byref(plain_paste(masks, boxes, output, convention, kind, threshold))
        )
        return output.view(bool) if kind == "bool" else output

    def keypoints(self, maps, boxes, convention) -> tuple[np.ndarray, np.ndarray]:
        """Find keypoints; arguments as in ``roiops.reference.heatmaps_to_keypoints``."""
        points = np.empty((*maps.shape[:2], 3 if convention == "torchvision" else 4), boxes.dtype)
        scores = np.empty(maps.shape[:2], boxes.dtype)
        self._library.KeypointsOnHost(ctypes.byref(plain_keypoints(maps, boxes, points, scores, convention)))
        return points, scores
