"""RoIAlign on NumPy arrays, with the signatures that Paddle documents."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from roiops import _checks, _session


def roi_align(
    x: Any,
    boxes: Any,
    boxes_num: Any,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    name: str | None = None,
) -> np.ndarray:
    """Pool every box into a grid of bins, each the mean of bilinear samples, by ONNX Runtime on the CPU.

    Safe to call from many threads. The first call with new attributes builds a session, later calls share it.

    Args:
        x: features (N, C, H, W), float32, float64, float16 or bfloat16 (from ml_dtypes).
        boxes: (K, 4) as x1, y1, x2, y2 in pixels of the image, sorted by image; cast to float32, with float64
            ``x`` to float64.
        boxes_num: (N,) boxes of each image, int32 or int64, summing to K.
        output_size: bins per axis, an int or (height, width).
        spatial_scale: pixels of ``x`` per pixel of the image.
        sampling_ratio: samples per bin and axis; <= 0 takes ceil(box size / output size).
        aligned: shift by half a pixel and keep small boxes small; otherwise boxes are at least one pixel.
        name: name of the operator in ONNX Runtime's messages.

    Returns:
        (K, C, height, width), the dtype of ``x``. Samples more than one pixel outside the map count as zero.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    x = _checks.features(x)
    boxes = _checks.boxes(boxes, _checks.box_dtype(x.dtype))
    batch = _checks.batch(boxes_num, "boxes_num", len(x), len(boxes))
    attributes = {
        **_attributes(output_size, sampling_ratio, aligned, name),
        "spatial_scale": _checks.spatial_scale(spatial_scale),
    }
    _check_result_size(boxes, x, attributes["output_size"])
    return _session.run("RoiAlign", {"X": x, "boxes": boxes, "batch": batch}, x.dtype, attributes)


def multiscale_roi_align(
    xs: Sequence[Any],
    boxes: Any,
    boxes_num: Any,
    levels: Any,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int = -1,
    aligned: bool = True,
    name: str | None = None,
) -> np.ndarray:
    """Pool every box from its level of a feature pyramid; otherwise as `roi_align`.

    Args:
        xs: feature maps (N, C, H_l, W_l), all of one dtype.
        boxes: as in `roi_align`.
        boxes_num: as in `roi_align`.
        levels: (K,) index into ``xs`` of each box, int32 or int64, in any order.
        output_size: as in `roi_align`.
        spatial_scales: pixels of each feature map per pixel of the image.
        sampling_ratio: as in `roi_align`.
        aligned: as in `roi_align`.
        name: as in `roi_align`.

    Returns:
        (K, C, height, width), the dtype of the feature maps, in the order of the boxes.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    scales = _checks.spatial_scales(spatial_scales)
    xs = _checks.pyramid(xs, scales)
    boxes = _checks.boxes(boxes, _checks.box_dtype(xs[0].dtype))
    batch = _checks.batch(boxes_num, "boxes_num", len(xs[0]), len(boxes))
    levels = _checks.levels(levels, len(xs), len(boxes)).astype(np.int64, copy=False)
    attributes = {**_attributes(output_size, sampling_ratio, aligned, name), "spatial_scales": scales}
    _check_result_size(boxes, xs[0], attributes["output_size"])
    maps = {f"X_{i}": x for i, x in enumerate(xs)}
    inputs = {"boxes": boxes, "batch": batch, "levels": levels, **maps}
    return _session.run("MultiScaleRoiAlign", inputs, xs[0].dtype, attributes)


class RoIAlign:
    """`roi_align` with its output size and scale fixed, like ``paddle.vision.ops.RoIAlign``.

    Args:
        output_size: bins per axis, an int or (height, width).
        spatial_scale: pixels of the features per pixel of the image.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """

    def __init__(self, output_size: int | Sequence[int], spatial_scale: float = 1.0):
        self.output_size = _checks.output_size(output_size)
        self.spatial_scale = _checks.spatial_scale(spatial_scale)

    def __call__(self, x: Any, boxes: Any, boxes_num: Any, aligned: bool = True) -> np.ndarray:
        """Pool ``boxes`` of ``x``; see `roi_align` for the arguments, the result and the errors."""
        return roi_align(x, boxes, boxes_num, self.output_size, self.spatial_scale, aligned=aligned)

    def __repr__(self) -> str:
        return f"RoIAlign(output_size={self.output_size}, spatial_scale={self.spatial_scale})"


def _attributes(output_size: Any, sampling_ratio: Any, aligned: Any, name: Any) -> dict[str, Any]:
    if not isinstance(name, (str, type(None))):
        raise TypeError(f"name: expected a str or None, got {type(name).__name__}")
    return {
        "output_size": _checks.output_size(output_size),
        "sampling_ratio": _checks.sampling_ratio(sampling_ratio),
        "aligned": _checks.aligned(aligned),
        "name": name,
    }


def _check_result_size(boxes: np.ndarray, x: np.ndarray, output_size: tuple[int, int]) -> None:
    size = math.prod((len(boxes), x.shape[1], *output_size)) * x.itemsize
    if size > sys.maxsize:
        raise ValueError(f"output_size: a result of {size} bytes cannot be addressed")
