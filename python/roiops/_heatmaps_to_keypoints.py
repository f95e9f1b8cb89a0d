"""Keypoints of detected objects from heatmaps, on NumPy arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from roiops import _checks, _session
from roiops.operators import HEATMAPS_TO_KEYPOINTS
from roiops.operators._shapes import check_shape


def heatmaps_to_keypoints(
    maps: npt.ArrayLike, rois: npt.ArrayLike, convention: str = "torchvision"
) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
    """Find the peak of every heatmap upsampled to its box, by ONNX Runtime on the CPU.

    Maps are upsampled by bicubic interpolation to the box's size, at least 1 and rounded up; of several
    largest pixels the first one counts, and NaN is largest. No upsampled map is ever held.

    Args:
        maps: (K, keypoints, H, W), float32, float64, float16 or bfloat16.
        rois: (K, 4) as x1, y1, x2, y2 in pixels of the image, at most 65536 of them per side; cast to
            float32, with float64 maps to float64.
        convention: whose result, "torchvision" or "detectron2".

    Returns:
        As torchvision: (K, keypoints, 3) as x, y and 1, in pixels of the image, and the value of each peak
        (K, keypoints). As Detectron2: (K, keypoints, 4) as x, y, value and score, the softmax of the
        upsampled map at its peak normalised by the sum over the map itself. All in the dtype of the boxes.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    arguments = HEATMAPS_TO_KEYPOINTS.check(convention=convention)
    maps_input, rois_input = HEATMAPS_TO_KEYPOINTS.inputs
    maps = _checks.typed_array(maps, "maps", HEATMAPS_TO_KEYPOINTS.types[0].allowed)
    check_shape(maps_input, maps.shape, "maps")
    rois = _checks.boxes(rois, _checks.box_dtype(maps.dtype), rois_input)
    if len(maps) != len(rois):
        raise ValueError(f"maps: expected the maps of {len(rois)} boxes, got those of {len(maps)}")
    if 0 in maps.shape[2:] and maps.shape[0] and maps.shape[1]:
        raise ValueError(f"maps: expected maps of at least one pixel, got shape {maps.shape}")
    with np.errstate(over="ignore"):
        sides = rois[:, 2:] - rois[:, :2]
    if (sides > _LARGEST_SIDE).any():
        row = int(np.argmax((sides > _LARGEST_SIDE).any(axis=1)))
        raise ValueError(
            f"rois: expected sides of at most {_LARGEST_SIDE} pixels, row {row} is {rois[row].tolist()}"
        )
    keypoints, scores = _session.run(HEATMAPS_TO_KEYPOINTS, {"maps": maps, "rois": rois}, arguments)
    return (keypoints, scores) if arguments["convention"] == "torchvision" else keypoints


_LARGEST_SIDE = 65536  # as kMaxKeypointSide of the kernels
