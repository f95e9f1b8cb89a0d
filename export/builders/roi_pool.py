"""Builders of RoiPool."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import TensorProto

from roiops.export._models import OPSET, pooling_model
from roiops.export._nodes import make_node
from roiops.operators import ROI_POOL


def make_roi_pool_node(
    x: str,
    boxes: str,
    batch: str,
    output: str,
    *,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    batch_format: str = "boxes_num",
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a ``roiops::RoiPool`` node; the model must import domain ``roiops`` version 1.

    Args:
        x: value name of the features (N, C, H, W).
        boxes: value name of the boxes (K, 4), x1 y1 x2 y2 in image pixels, the last pixel included.
        batch: value name of the boxes per image (N,) or image of each box (K,), int32 or int64.
        output: value name of the result (K, C, height, width).
        output_size: bins per axis, an int or (height, width).
        spatial_scale: feature pixels per image pixel.
        batch_format: what ``batch`` holds, "boxes_num" or "batch_indices".
        name: node name, which ONNX Runtime puts into error messages.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = ROI_POOL.check(
        output_size=output_size, spatial_scale=spatial_scale, batch_format=batch_format
    )
    return make_node(ROI_POOL, {"x": x, "boxes": boxes, "batch": batch}, {"output": output}, arguments, name)


def make_roi_pool_model(
    *,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    batch_format: str = "boxes_num",
    x_type: int = TensorProto.FLOAT,
    boxes_type: int | None = None,
    batch_type: int = TensorProto.INT64,
    opset: int = OPSET,
    name: str | None = None,
) -> onnx.ModelProto:
    """Build a model with inputs X (N, C, H, W), boxes (K, 4), batch (N,) or (K,) and output Y.

    Args:
        output_size: bins per axis, an int or (height, width).
        spatial_scale: feature pixels per image pixel.
        batch_format: what ``batch`` holds, "boxes_num" or "batch_indices".
        x_type: element type of X and Y.
        boxes_type: element type of the boxes; by default that of X, and FLOAT with 16-bit X.
        batch_type: element type of the batch input.
        opset: version of the standard operators that the model imports.
        name: node name.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    arguments = ROI_POOL.check(
        output_size=output_size, spatial_scale=spatial_scale, batch_format=batch_format
    )
    return pooling_model(ROI_POOL, arguments, x_type, boxes_type, batch_type, opset, name)
