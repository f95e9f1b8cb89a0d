"""Nodes and models of the operators on rotated boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx
from onnx import TensorProto

from roiops.export._models import OPSET, checked_types, one_node_model
from roiops.export._nodes import make_node
from roiops.operators import (
    BOX_IOU_ROTATED,
    MULTI_SCALE_ROI_ALIGN_ROTATED,
    NMS_ROTATED,
    ROI_ALIGN_ROTATED,
)


def make_roi_align_rotated_node(
    x: str,
    boxes: str,
    batch: str,
    output: str,
    *,
    output_size: int | Sequence[int],
    name: str | None = None,
    **attributes: Any,
) -> onnx.NodeProto:
    """Build a ``roiops::RoiAlignRotated`` node; the model must import domain ``roiops`` version 1.

    Args:
        x: value name of the features (N, C, H, W).
        boxes: value name of the boxes (K, 5), cx cy w h in image pixels and an angle.
        batch: value name of the boxes per image (N,) or image of each box (K,), int32 or int64.
        output: value name of the result (K, C, height, width).
        output_size: bins per axis, an int or (height, width).
        name: node name, which ONNX Runtime puts into error messages.
        attributes: spatial_scale=1.0, sampling_ratio=-1, aligned=True, clockwise=False, angle_unit="radians",
            mode="avg" and batch_format="boxes_num", as in `roiops.reference.roi_align_rotated`.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = ROI_ALIGN_ROTATED.check(output_size=output_size, **attributes)
    inputs = {"x": x, "boxes": boxes, "batch": batch}
    return make_node(ROI_ALIGN_ROTATED, inputs, {"output": output}, arguments, name)


def make_multiscale_roi_align_rotated_node(
    boxes: str,
    batch: str,
    levels: str,
    xs: Sequence[str],
    output: str,
    *,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    name: str | None = None,
    **attributes: Any,
) -> onnx.NodeProto:
    """Build a ``roiops::MultiScaleRoiAlignRotated`` node: one node for a pyramid of feature maps.

    Args:
        boxes: value name of the boxes (K, 5), cx cy w h in image pixels and an angle.
        batch: value name of the boxes per image (N,) or image of each box (K,), int32 or int64.
        levels: value name of the index into ``xs`` of each box (K,), int64.
        xs: value names of the feature maps (N, C, H_l, W_l), at least one.
        output: value name of the result (K, C, height, width), in the order of the boxes.
        output_size: bins per axis, an int or (height, width).
        spatial_scales: one scale per feature map.
        name: node name.
        attributes: as in `make_roi_align_rotated_node`, but for spatial_scale.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = MULTI_SCALE_ROI_ALIGN_ROTATED.check(
        output_size=output_size, spatial_scales=spatial_scales, **attributes
    )
    inputs = {"boxes": boxes, "batch": batch, "levels": levels, "xs": xs}
    return make_node(MULTI_SCALE_ROI_ALIGN_ROTATED, inputs, {"output": output}, arguments, name)


def make_box_iou_rotated_node(
    a: str, b: str, output: str, *, name: str | None = None, **attributes: Any
) -> onnx.NodeProto:
    """Build a ``roiops::BoxIouRotated`` node.

    Args:
        a: value name of boxes (A, 5), cx cy w h angle.
        b: value name of boxes (B, 5).
        output: value name of the overlaps (A, B).
        name: node name.
        attributes: mode="iou", clockwise=True and angle_unit="radians", as in `roiops.box_iou_rotated`.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = BOX_IOU_ROTATED.check(**attributes)
    return make_node(BOX_IOU_ROTATED, {"a": a, "b": b}, {"output": output}, arguments, name)


def make_nms_rotated_node(
    boxes: str,
    scores: str,
    output: str,
    *,
    iou_threshold: float,
    name: str | None = None,
    **attributes: Any,
) -> onnx.NodeProto:
    """Build a ``roiops::NmsRotated`` node.

    Args:
        boxes: value name of the boxes (N, B, 5), cx cy w h angle.
        scores: value name of the scores (N, C, B).
        output: value name of image, class and box of those kept (K, 3), int64.
        iou_threshold: boxes with a larger overlap suppress, between 0 and 1.
        name: node name.
        attributes: score_threshold=None, max_output_boxes_per_class=0, inclusive=False, iou="polygon",
            suppression="greedy", clockwise=True and angle_unit="radians", as in
            `roiops.reference.nms_rotated`.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = NMS_ROTATED.check(iou_threshold=iou_threshold, **attributes)
    return make_node(NMS_ROTATED, {"boxes": boxes, "scores": scores}, {"output": output}, arguments, name)


def make_roi_align_rotated_model(
    *,
    output_size: int | Sequence[int],
    x_type: int = TensorProto.FLOAT,
    boxes_type: int | None = None,
    batch_type: int = TensorProto.INT64,
    opset: int = OPSET,
    name: str | None = None,
    **attributes: Any,
) -> onnx.ModelProto:
    """Build a model with inputs X (N, C, H, W), boxes (K, 5), batch (N,) or (K,) and output Y.

    Args:
        output_size: bins per axis, an int or (height, width).
        x_type: `onnx.TensorProto` element type of X and Y: FLOAT, DOUBLE, FLOAT16 or BFLOAT16.
        boxes_type: element type of the boxes; by default that of X, and FLOAT with 16-bit X.
        batch_type: element type of the batch input, INT32 or INT64.
        opset: version of the standard operators that the model imports.
        name: node name.
        attributes: as in `make_roi_align_rotated_node`.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    arguments = ROI_ALIGN_ROTATED.check(output_size=output_size, **attributes)
    given = {"x_type": x_type, "boxes_type": boxes_type, "batch_type": batch_type}
    types = checked_types(ROI_ALIGN_ROTATED, given)
    return one_node_model(ROI_ALIGN_ROTATED, arguments, types, ["X", "boxes", "batch"], opset, name)


def make_multiscale_roi_align_rotated_model(
    *,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    x_type: int = TensorProto.FLOAT,
    boxes_type: int | None = None,
    batch_type: int = TensorProto.INT64,
    opset: int = OPSET,
    name: str | None = None,
    **attributes: Any,
) -> onnx.ModelProto:
    """Build a model with inputs boxes (K, 5), batch, levels (K,), X_0, X_1, ... (N, C, H_l, W_l), output Y.

    Args:
        output_size: bins per axis, an int or (height, width).
        spatial_scales: feature pixels per image pixel, one for each feature map.
        x_type: element type of the feature maps and Y.
        boxes_type: element type of the boxes.
        batch_type: element type of the batch input.
        opset: version of the standard operators that the model imports.
        name: node name.
        attributes: as in `make_roi_align_rotated_node`, but for spatial_scale.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    arguments = MULTI_SCALE_ROI_ALIGN_ROTATED.check(
        output_size=output_size, spatial_scales=spatial_scales, **attributes
    )
    given = {"x_type": x_type, "boxes_type": boxes_type, "batch_type": batch_type}
    types = checked_types(MULTI_SCALE_ROI_ALIGN_ROTATED, given)
    names = ["boxes", "batch", "levels", *(f"X_{i}" for i in range(len(arguments["spatial_scales"])))]
    return one_node_model(MULTI_SCALE_ROI_ALIGN_ROTATED, arguments, types, names, opset, name)
