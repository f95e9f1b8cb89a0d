"""Builders of nodes and models of the operators that come after a detector's heads."""

from __future__ import annotations

import onnx
from onnx import TensorProto

from roiops.export._models import OPSET, checked_types, one_node_model
from roiops.export._nodes import make_node
from roiops.operators import HEATMAPS_TO_KEYPOINTS, PASTE_MASKS


def make_paste_masks_node(
    masks: str,
    boxes: str,
    image_size: str,
    pasted: str,
    *,
    convention: str = "torchvision",
    output: str = "soft",
    threshold: float = 0.5,
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a ``roiops::PasteMasks`` node; the model must import domain ``roiops`` version 1.

    Args:
        masks: value name of the masks (K, h, w) or (K, 1, h, w).
        boxes: value name of the boxes (K, 4), x1 y1 x2 y2 in image pixels.
        image_size: value name of the images' height and width (2,), int64.
        pasted: value name of the images (K, height, width).
        convention: whose rule, "torchvision", "detectron2" or "mmdetection".
        output: "soft" for interpolated values, "bool" for whether they are at least ``threshold``, "uint8"
            for 255 times them; the last two need ONNX Runtime 1.19.
        threshold: of "bool", at least 0.
        name: node name, which ONNX Runtime puts into error messages.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = PASTE_MASKS.check(convention=convention, output=output, threshold=threshold)
    inputs = {"masks": masks, "boxes": boxes, "image_size": image_size}
    return make_node(PASTE_MASKS, inputs, {"pasted": pasted}, arguments, name)


def make_paste_masks_model(
    *,
    convention: str = "torchvision",
    output: str = "soft",
    threshold: float = 0.5,
    masks_type: int = TensorProto.FLOAT,
    boxes_type: int | None = None,
    opset: int = OPSET,
    name: str | None = None,
) -> onnx.ModelProto:
    """Build a model with inputs masks, boxes (K, 4) and image_size (2,), and output pasted.

    Args:
        convention: as in `make_paste_masks_node`.
        output: as in `make_paste_masks_node`.
        threshold: as in `make_paste_masks_node`.
        masks_type: `onnx.TensorProto` element type of the masks: FLOAT, DOUBLE, FLOAT16 or BFLOAT16.
        boxes_type: element type of the boxes; by default that of the masks, and FLOAT with 16-bit masks.
        opset: version of the standard operators that the model imports.
        name: node name.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    arguments = PASTE_MASKS.check(convention=convention, output=output, threshold=threshold)
    types = checked_types(PASTE_MASKS, {"masks_type": masks_type, "boxes_type": boxes_type})
    return one_node_model(PASTE_MASKS, arguments, types, ["masks", "boxes", "image_size"], opset, name)


def make_heatmaps_to_keypoints_node(
    maps: str,
    rois: str,
    keypoints: str,
    scores: str,
    *,
    convention: str = "torchvision",
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a ``roiops::HeatmapsToKeypoints`` node; the model must import domain ``roiops`` version 1.

    Args:
        maps: value name of the heatmaps (K, P, h, w).
        rois: value name of the boxes (K, 4), x1 y1 x2 y2 in image pixels.
        keypoints: value name of the keypoints (K, P, 3), as Detectron2 (K, P, 4).
        scores: value name of the scores (K, P).
        convention: whose result, "torchvision" or "detectron2".
        name: node name, which ONNX Runtime puts into error messages.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = HEATMAPS_TO_KEYPOINTS.check(convention=convention)
    outputs = {"keypoints": keypoints, "scores": scores}
    return make_node(HEATMAPS_TO_KEYPOINTS, {"maps": maps, "rois": rois}, outputs, arguments, name)


def make_heatmaps_to_keypoints_model(
    *,
    convention: str = "torchvision",
    maps_type: int = TensorProto.FLOAT,
    rois_type: int | None = None,
    opset: int = OPSET,
    name: str | None = None,
) -> onnx.ModelProto:
    """Build a model with inputs maps (K, P, h, w) and rois (K, 4), and outputs keypoints and scores.

    Args:
        convention: as in `make_heatmaps_to_keypoints_node`.
        maps_type: `onnx.TensorProto` element type of the heatmaps: FLOAT, DOUBLE, FLOAT16 or BFLOAT16.
        rois_type: element type of the boxes; by default that of the heatmaps, and FLOAT with 16-bit ones.
        opset: version of the standard operators that the model imports.
        name: node name.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    arguments = HEATMAPS_TO_KEYPOINTS.check(convention=convention)
    types = checked_types(HEATMAPS_TO_KEYPOINTS, {"maps_type": maps_type, "rois_type": rois_type})
    return one_node_model(HEATMAPS_TO_KEYPOINTS, arguments, types, ["maps", "rois"], opset, name)
