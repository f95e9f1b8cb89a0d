"""torchvision's detectors on a backbone of one layer, which export in seconds."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator

import numpy as np
import onnx
import torch
from torch import nn
from torchvision.models.detection import FasterRCNN, KeypointRCNN, MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign

KINDS = ["faster", "mask", "keypoint"]


class Body(nn.Sequential):
    out_channels = 16

    def __init__(self):
        super().__init__(nn.Conv2d(3, 16, 3, 4, 1), nn.ReLU())


def detector(kind: str, threshold: float = 0.0) -> nn.Module:
    """Build a detector of random weights that finds 5 objects if scores of 0 are enough."""
    torch.manual_seed(1)
    options = {
        "rpn_anchor_generator": AnchorGenerator(((32, 64),), ((1.0,),)),
        "min_size": 64,
        "max_size": 96,
        "box_score_thresh": threshold,
        "box_detections_per_img": 5,
        "rpn_pre_nms_top_n_test": 50,
        "rpn_post_nms_top_n_test": 20,
        "box_roi_pool": MultiScaleRoIAlign(["0"], 7, 2),
    }
    if kind == "mask":
        return MaskRCNN(Body(), 3, mask_roi_pool=MultiScaleRoIAlign(["0"], 14, 2), **options).eval()
    if kind == "keypoint":
        return KeypointRCNN(
            Body(),
            3,
            keypoint_roi_pool=MultiScaleRoIAlign(["0"], 14, 2),
            keypoint_head=KeypointRCNNHeads(16, (16,)),
            keypoint_predictor=KeypointRCNNPredictor(16, 4),
            **options,
        ).eval()
    return FasterRCNN(Body(), 3, **options).eval()


def export_detector(model: nn.Module, images: list[torch.Tensor], opset: int) -> onnx.ModelProto:
    """Export with the TorchScript exporter, for images of any size."""
    buffer = io.BytesIO()
    names = [f"image{i}" for i in range(len(images))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (images,),
            buffer,
            input_names=names,
            dynamic_axes={name: {1: f"height_{name}", 2: f"width_{name}"} for name in names},
            opset_version=opset,
            dynamo=False,
        )
    return onnx.load_from_string(buffer.getvalue())


def kinds_of(graph: onnx.GraphProto) -> Iterator[str]:
    """The operators of a graph and of its bodies."""
    for node in graph.node:
        yield node.op_type
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from kinds_of(attribute.g)


def assert_detects_the_same(model: nn.Module, exported, images: list[torch.Tensor]) -> None:
    """Run a module and a session on the same images."""
    with torch.no_grad():
        eager = [tensor.numpy() for found in model(images) for tensor in found.values()]
    feeds = {v.name: image.numpy() for v, image in zip(exported.get_inputs(), images)}
    for y, wanted in zip(exported.run(None, feeds), eager, strict=True):
        assert y.shape == wanted.shape
        np.testing.assert_allclose(y, wanted, atol=1e-3)
