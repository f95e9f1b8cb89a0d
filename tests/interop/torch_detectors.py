"""Whole torchvision detectors with random weights, exported to ONNX."""

from __future__ import annotations

import io
import warnings

import onnx
import torch
from torchvision.models.detection import fasterrcnn_resnet50_fpn, maskrcnn_resnet50_fpn

SIZE = 320
MODELS = {"faster_rcnn": fasterrcnn_resnet50_fpn, "mask_rcnn": maskrcnn_resnet50_fpn}


def make_detector(name: str) -> torch.nn.Module:
    """Build a detector that finds boxes although nothing was learned: every score counts."""
    torch.manual_seed(0)
    model = MODELS[name](
        weights=None,
        weights_backbone=None,
        num_classes=5,
        min_size=SIZE,
        max_size=SIZE,
        box_score_thresh=0.0,
        box_detections_per_img=20,
    )
    return model.eval()


def export_detector(name: str, opset: int = 17) -> onnx.ModelProto:
    """Export with the TorchScript exporter, on one image."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            make_detector(name),
            ([torch.rand(3, SIZE, SIZE)],),
            buffer,
            input_names=["image"],
            opset_version=opset,
            dynamo=False,
        )
    return onnx.load_from_string(buffer.getvalue())
