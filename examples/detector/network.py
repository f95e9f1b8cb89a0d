"""The detector: torchvision's Faster R-CNN, shrunk to a few hundred thousand weights."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import AnchorGenerator
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign

SIZE = 160  # the network's input is a square of so many pixels
_WIDTHS = (32, 48, 64)  # of the feature maps with strides 4, 8 and 16
_PYRAMID_WIDTH = 32
_ANCHORS = ((14, 20), (28, 40), (56, 80))
_POOLED = 7
_HEAD_WIDTH = 96


def make_network(classes: int) -> FasterRCNN:
    """Build the detector with random weights; label 0 is the background, as torchvision has it."""
    maps = [str(level) for level in range(len(_WIDTHS))]
    network = FasterRCNN(
        _Backbone(),
        min_size=SIZE,
        max_size=SIZE,
        image_mean=[0.5] * 3,
        image_std=[0.25] * 3,
        rpn_anchor_generator=AnchorGenerator(_ANCHORS, ((1.0,),) * len(_ANCHORS)),
        rpn_fg_iou_thresh=0.6,
        rpn_batch_size_per_image=64,
        rpn_pre_nms_top_n_train=150,
        rpn_pre_nms_top_n_test=150,
        rpn_post_nms_top_n_train=60,
        rpn_post_nms_top_n_test=50,
        rpn_score_thresh=0.05,
        # Boxes up to 32 pixels are pooled from the first map, from 64 pixels on from the last.
        box_roi_pool=MultiScaleRoIAlign(maps, _POOLED, 2, canonical_scale=64, canonical_level=4),
        box_head=_make_box_head(),
        box_predictor=FastRCNNPredictor(_HEAD_WIDTH, classes + 1),
        box_batch_size_per_image=32,
        box_positive_fraction=0.5,
        box_score_thresh=0.05,
        box_nms_thresh=0.4,
        box_detections_per_img=30,
    )
    network.roi_heads.box_coder = _BoxCoder(network.roi_heads.box_coder.weights)
    return network


class Inference(nn.Module):
    """What is exported of it: an image of SIZE × SIZE, normalised, to boxes, labels from 0, and scores."""

    def __init__(self, network: FasterRCNN):
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Take (1, 3, SIZE, SIZE); give (K, 4), (K,) int64 and (K,)."""
        size = (SIZE, SIZE)
        maps = self.network.backbone(image)
        proposals, _ = self.network.rpn(ImageList(image, [size]), maps)
        (found,), _ = self.network.roi_heads(maps, proposals, [size])
        return found["boxes"], found["labels"] - 1, found["scores"]


class _BoxCoder(BoxCoder):
    """Decodes no boxes too: torchvision's own, exported, would ask for a shape of (0, anything)."""

    def decode(self, rel_codes: torch.Tensor, boxes: list[torch.Tensor]) -> torch.Tensor:
        classes = rel_codes.shape[1] // 4
        return self.decode_single(rel_codes, torch.cat(boxes)).reshape(-1, classes, 4)


class _Backbone(nn.Module):
    """A small residual network and a feature pyramid on top of it."""

    out_channels = _PYRAMID_WIDTH

    def __init__(self):
        super().__init__()
        self.stem = _convolution(3, 16, stride=2)
        befores = (16, *_WIDTHS)
        self.stages = nn.ModuleList(
            nn.Sequential(_convolution(before, width, stride=2), _Residual(width))
            for before, width in zip(befores, _WIDTHS)
        )
        self.pyramid = FeaturePyramidNetwork(list(_WIDTHS), _PYRAMID_WIDTH)

    def forward(self, x: torch.Tensor) -> OrderedDict[str, torch.Tensor]:
        x = self.stem(x)
        maps = OrderedDict()
        for level, stage in enumerate(self.stages):
            maps[str(level)] = x = stage(x)
        return self.pyramid(maps)


class _Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.inner = nn.Sequential(_convolution(width, width), _convolution(width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x)


def _make_box_head() -> nn.Module:
    """From (K, _PYRAMID_WIDTH, 7, 7) to (K, _HEAD_WIDTH)."""
    return nn.Sequential(
        _convolution(_PYRAMID_WIDTH, 48, stride=2),
        _convolution(48, 48),
        nn.Flatten(),
        nn.Linear(48 * 4 * 4, _HEAD_WIDTH),
        nn.ReLU(),
    )


def _convolution(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )
