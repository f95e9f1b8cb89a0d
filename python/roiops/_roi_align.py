"""RoIAlign on NumPy arrays, with the signatures that Paddle documents."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from roiops import _checks, _session
from roiops.operators import MULTI_SCALE_ROI_ALIGN, ROI_ALIGN, Operator


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
        name: without effect, as in Paddle's dynamic mode.

    Returns:
        (K, C, height, width), the dtype of ``x``. Samples more than one pixel outside the map count as zero.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    arguments = ROI_ALIGN.check(
        output_size=output_size, spatial_scale=spatial_scale, sampling_ratio=sampling_ratio, aligned=aligned
    )
    return _run(ROI_ALIGN, {"x": x, "boxes": boxes, "batch": boxes_num}, arguments, name)


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
    arguments = MULTI_SCALE_ROI_ALIGN.check(
        output_size=output_size,
        spatial_scales=spatial_scales,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
    )
    values = {"xs": xs, "boxes": boxes, "batch": boxes_num, "levels": levels}
    return _run(MULTI_SCALE_ROI_ALIGN, values, arguments, name)


class RoIAlign:
    """`roi_align` with its output size and scale fixed, like ``paddle.vision.ops.RoIAlign``.

    Args:
        output_size: bins per axis, an int or (height, width).
        spatial_scale: pixels of the features per pixel of the image.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """

    def __init__(self, output_size: int | Sequence[int], spatial_scale: float = 1.0):
        checked = ROI_ALIGN.check(output_size=output_size, spatial_scale=spatial_scale)
        self.output_size = checked["output_size"]
        self.spatial_scale = checked["spatial_scale"]

    def __call__(self, x: Any, boxes: Any, boxes_num: Any, aligned: bool = True) -> np.ndarray:
        """Pool ``boxes`` of ``x``; see `roi_align` for the arguments, the result and the errors."""
        return roi_align(x, boxes, boxes_num, self.output_size, self.spatial_scale, aligned=aligned)

    def __repr__(self) -> str:
        return f"RoIAlign(output_size={self.output_size}, spatial_scale={self.spatial_scale})"


def _run(
    operator: Operator, values: dict[str, Any], arguments: dict[str, Any], name: str | None
) -> np.ndarray:
    if not isinstance(name, (str, type(None))):
        raise TypeError(f"name: expected a str or None, got {type(name).__name__}")
    inputs = _checks.inputs(operator, values, arguments)
    _check_result_size(inputs["boxes"], inputs["X"], arguments["output_size"])
    return _session.run(operator, inputs, arguments)[0]


def _check_result_size(
    boxes: np.ndarray, x: np.ndarray | list[np.ndarray], output_size: tuple[int, int]
) -> None:
    features = x if isinstance(x, np.ndarray) else x[0]
    size = math.prod((len(boxes), features.shape[1], *output_size)) * features.itemsize
    if size > sys.maxsize:
        raise ValueError(f"output_size: a result of {size} bytes cannot be addressed")
