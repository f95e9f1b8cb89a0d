"""Builders of BoxIouRotated and NmsRotated."""

from __future__ import annotations

import onnx

from roiops.export._nodes import make_node
from roiops.operators import BOX_IOU_ROTATED, NMS_ROTATED


def make_box_iou_rotated_node(
    a: str,
    b: str,
    output: str,
    *,
    mode: str = "iou",
    clockwise: bool = True,
    angle_unit: str = "radians",
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a ``roiops::BoxIouRotated`` node.

    Args:
        a: value name of boxes (A, 5), cx cy w h angle.
        b: value name of boxes (B, 5).
        output: value name of the overlaps (A, B).
        mode: "iou", the shared area over that of the union; "iof", over the area of the box of ``a``.
        clockwise: the angle turns x towards y, which points down.
        angle_unit: "radians" or "degrees".
        name: node name.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = BOX_IOU_ROTATED.check(mode=mode, clockwise=clockwise, angle_unit=angle_unit)
    return make_node(BOX_IOU_ROTATED, {"a": a, "b": b}, {"output": output}, arguments, name)


def make_nms_rotated_node(
    boxes: str,
    scores: str,
    output: str,
    *,
    iou_threshold: float,
    score_threshold: float | None = None,
    max_output_boxes_per_class: int = 0,
    inclusive: bool = False,
    iou: str = "polygon",
    suppression: str = "greedy",
    clockwise: bool = True,
    angle_unit: str = "radians",
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a ``roiops::NmsRotated`` node.

    Args:
        boxes: value name of the boxes (N, B, 5), cx cy w h angle.
        scores: value name of the scores (N, C, B).
        output: value name of image, class and box of those kept (K, 3), int64.
        iou_threshold: boxes with a larger overlap suppress, between 0 and 1.
        score_threshold: only boxes with a greater score; None: all.
        max_output_boxes_per_class: of each image; all when <= 0.
        inclusive: boxes suppress at the threshold itself, too.
        iou: "polygon", or "gaussian" for Ultralytics' ``probiou``.
        suppression: "greedy", or "fast": suppressed boxes suppress, too.
        clockwise: the angle turns x towards y, which points down.
        angle_unit: "radians" or "degrees".
        name: node name.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = NMS_ROTATED.check(
        iou_threshold=iou_threshold,
        score_threshold=score_threshold,
        max_output_boxes_per_class=max_output_boxes_per_class,
        inclusive=inclusive,
        iou=iou,
        suppression=suppression,
        clockwise=clockwise,
        angle_unit=angle_unit,
    )
    return make_node(NMS_ROTATED, {"boxes": boxes, "scores": scores}, {"output": output}, arguments, name)
