"""Builders of RoiAlign and MultiScaleRoiAlign."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import TensorProto

from roiops.export._models import OPSET, pooling_model
from roiops.export._nodes import make_node
from roiops.operators import MULTI_SCALE_ROI_ALIGN, ROI_ALIGN


def make_roi_align_node(
    x: str,
    boxes: str,
    batch: str,
    output: str,
    *,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    mode: str = "avg",
    batch_format: str = "boxes_num",
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a ``roiops::RoiAlign`` node; the model must import domain ``roiops`` version 1.

    Args:
        x: value name of the features (N, C, H, W).
        boxes: value name of the boxes (K, 4), x1 y1 x2 y2 in image pixels.
        batch: value name of the boxes per image (N,) or image of each box (K,), int32 or int64.
        output: value name of the result (K, C, height, width).
        output_size: bins per axis, an int or (height, width).
        spatial_scale: feature pixels per image pixel.
        sampling_ratio: samples per bin and axis; <= 0 takes ceil(box size / output size).
        aligned: shift by half a pixel.
        mode: "avg", or "max" over the interpolated samples.
        batch_format: what ``batch`` holds, "boxes_num" or "batch_indices".
        name: node name, which ONNX Runtime puts into error messages.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = ROI_ALIGN.check(
        output_size=output_size,
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode=mode,
        batch_format=batch_format,
    )
    return make_node(ROI_ALIGN, {"x": x, "boxes": boxes, "batch": batch}, {"output": output}, arguments, name)


def make_multiscale_roi_align_node(
    boxes: str,
    batch: str,
    levels: str,
    xs: Sequence[str],
    output: str,
    *,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int = -1,
    aligned: bool = True,
    mode: str = "avg",
    batch_format: str = "boxes_num",
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a ``roiops::MultiScaleRoiAlign`` node: one node for a pyramid of feature maps.

    Args:
        boxes: value name of the boxes (K, 4), x1 y1 x2 y2 in image pixels.
        batch: value name of the boxes per image (N,) or image of each box (K,), int32 or int64.
        levels: value name of the index into ``xs`` of each box (K,), int64.
        xs: value names of the feature maps (N, C, H_l, W_l), at least one.
        output: value name of the result (K, C, height, width), in the order of the boxes.
        output_size: as in `make_roi_align_node`.
        spatial_scales: one scale per feature map.
        sampling_ratio: as in `make_roi_align_node`.
        aligned: as in `make_roi_align_node`.
        mode: as in `make_roi_align_node`.
        batch_format: as in `make_roi_align_node`.
        name: as in `make_roi_align_node`.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = MULTI_SCALE_ROI_ALIGN.check(
        output_size=output_size,
        spatial_scales=spatial_scales,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode=mode,
        batch_format=batch_format,
    )
    inputs = {"boxes": boxes, "batch": batch, "levels": levels, "xs": xs}
    return make_node(MULTI_SCALE_ROI_ALIGN, inputs, {"output": output}, arguments, name)


def make_roi_align_model(
    *,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    mode: str = "avg",
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
        sampling_ratio: samples per bin and axis; <= 0 takes ceil(box size / output size).
        aligned: shift by half a pixel.
        mode: "avg", or "max" over the interpolated samples.
        batch_format: what ``batch`` holds, "boxes_num" or "batch_indices".
        x_type: `onnx.TensorProto` element type of X and Y: FLOAT, DOUBLE, FLOAT16 or BFLOAT16.
        boxes_type: element type of the boxes; by default that of X, and FLOAT with 16-bit X.
        batch_type: element type of the batch input, INT32 or INT64.
        opset: version of the standard operators that the model imports.
        name: node name, which ONNX Runtime puts into error messages.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    arguments = ROI_ALIGN.check(
        output_size=output_size,
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode=mode,
        batch_format=batch_format,
    )
    return pooling_model(ROI_ALIGN, arguments, x_type, boxes_type, batch_type, opset, name)


def make_multiscale_roi_align_model(
    *,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int = -1,
    aligned: bool = True,
    mode: str = "avg",
    batch_format: str = "boxes_num",
    x_type: int = TensorProto.FLOAT,
    boxes_type: int | None = None,
    batch_type: int = TensorProto.INT64,
    opset: int = OPSET,
    name: str | None = None,
) -> onnx.ModelProto:
    """Build a model with inputs boxes (K, 4), batch, levels (K,), X_0, X_1, ... (N, C, H_l, W_l), output Y.

    Args:
        output_size: as in `make_roi_align_model`, like every argument but ``spatial_scales``.
        spatial_scales: feature pixels per image pixel, one for each feature map.
        sampling_ratio: samples per bin and axis; <= 0 takes ceil(box size / output size).
        aligned: shift by half a pixel.
        mode: "avg", or "max" over the interpolated samples.
        batch_format: what ``batch`` holds, "boxes_num" or "batch_indices".
        x_type: element type of the feature maps and Y.
        boxes_type: element type of the boxes.
        batch_type: element type of the batch input.
        opset: version of the standard operators that the model imports.
        name: node name.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    arguments = MULTI_SCALE_ROI_ALIGN.check(
        output_size=output_size,
        spatial_scales=spatial_scales,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode=mode,
        batch_format=batch_format,
    )
    return pooling_model(MULTI_SCALE_ROI_ALIGN, arguments, x_type, boxes_type, batch_type, opset, name)
