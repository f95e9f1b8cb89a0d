"""A rotated two-stage detector whose graph is that of mmrotate's Oriented R-CNN as mmdeploy exports it.

Small layers with random weights, but the structure that decides what the graph is: proposals of all pyramid
levels together, an extractor that loops over the levels and skips those without a box, scores that are
transposed for NMSRotated. The operators follow the interface of mmcv's.
"""

from __future__ import annotations

import io

import numpy as np
import onnx
import torch
from torch import nn

import roiops

STRIDES = (4, 8, 16, 32)
CHANNELS, PROPOSALS, CLASSES, BINS = 8, 15, 3, 7  # proposals of each level
FINEST_SCALE = 56


class RoIAlignRotated(torch.autograd.Function):
    @staticmethod
    def symbolic(g, x, rois, scale):
        return g.op(
            "mmdeploy::MMCVRoIAlignRotated",
            x,
            rois,
            output_height_i=BINS,
            output_width_i=BINS,
            spatial_scale_f=scale,
            sampling_ratio_i=2,
            aligned_i=1,
            clockwise_i=1,
        )

    @staticmethod
    def forward(ctx, x, rois, scale):
        pooled = roiops.roi_align_rotated(
            x.numpy(), rois.numpy(), output_size=BINS, spatial_scale=scale, sampling_ratio=2, clockwise=True
        )
        return torch.from_numpy(pooled)


class NMSRotated(torch.autograd.Function):
    @staticmethod
    def symbolic(g, boxes, scores):
        return g.op("mmdeploy::NMSRotated", boxes, scores, iou_threshold_f=0.1, score_threshold_f=0.05)

    @staticmethod
    def forward(ctx, boxes, scores):
        kept = roiops.reference.nms_rotated(boxes.numpy(), scores.numpy(), 0.1, score_threshold=0.05)
        return torch.from_numpy(kept)


def rotated_features(maps, rois):
    """The loop of mmrotate's rotated extractor of single levels."""
    scale = torch.sqrt(rois[:, 3] * rois[:, 4])
    levels = torch.floor(torch.log2(scale / FINEST_SCALE + 1e-6))
    levels = levels.clamp(min=0, max=len(maps) - 1).long()
    # In an export mmrotate makes its zeros of the boxes' image numbers.
    pooled = rois[:, :1].clone().detach().expand(-1, CHANNELS * BINS * BINS)
    pooled = pooled.reshape(-1, CHANNELS, BINS, BINS) * 0
    for level, (x, stride) in enumerate(zip(maps, STRIDES)):
        rows = (levels == level).nonzero(as_tuple=False).squeeze(1)
        if rows.numel() > 0:
            pooled[rows] = RoIAlignRotated.apply(x, rois[rows], 1 / stride)
        else:
            pooled += x.sum() * 0.0
    return pooled


class OrientedRCNN(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, CHANNELS, 5, stride=2, padding=2)
        self.stages = nn.ModuleList(nn.Conv2d(CHANNELS, CHANNELS, 3, stride=2, padding=1) for _ in STRIDES)
        self.rpn = nn.Conv2d(CHANNELS, 6, 1)
        self.shared = nn.Linear(CHANNELS * BINS * BINS, 32)
        self.classify = nn.Linear(32, CLASSES + 1)
        self.regress = nn.Linear(32, 5)

    def forward(self, image):
        x, maps = self.stem(image), []
        for stage in self.stages:
            x = stage(x).relu()
            maps.append(x)
        proposals = self.propose(maps)
        rois = torch.cat([proposals.new_zeros(proposals.shape[0], 1), proposals], dim=1)
        hidden = self.shared(rotated_features(maps, rois).flatten(1)).relu()
        boxes = proposals + self.regress(hidden) * 0.1
        scores = self.classify(hidden).softmax(-1)[:, :CLASSES]
        kept = NMSRotated.apply(boxes[None], scores[None].transpose(1, 2))
        rows, labels = kept[:, 2], kept[:, 1]
        return torch.cat([boxes[rows], scores[rows, labels][:, None]], dim=1), labels

    def propose(self, maps):
        """The best boxes of each level: 8 strides wide where the layers say nothing."""
        boxes = []
        for x, stride in zip(maps, STRIDES):
            found = self.rpn(x)[0].flatten(1).t()
            height, width = x.shape[2:]
            rows, columns = torch.arange(height * width) // width, torch.arange(height * width) % width
            centres = torch.stack([columns, rows], 1).to(x.dtype) * stride
            sides = torch.exp((found[:, 1:3] * 4).clamp(-2, 2)) * 8 * stride
            best = found[:, 0].topk(PROPOSALS).indices
            boxes.append(torch.cat([centres + found[:, 3:5], sides, found[:, 5:6]], 1)[best])
        return torch.cat(boxes)


def picture(contrast: float, seed: int = 0) -> np.ndarray:
    """Contrast makes proposals large and small; without any, those of a level are of one size."""
    noise = np.random.default_rng(seed).standard_normal((1, 3, 128, 160))
    return (contrast * noise).astype(np.float32)


def export(opset: int, contrast: float) -> onnx.ModelProto:
    """The detector as the TorchScript exporter traces it on a picture."""
    file = io.BytesIO()
    torch.onnx.export(
        OrientedRCNN().eval(),
        torch.from_numpy(picture(contrast)),
        file,
        dynamo=False,
        opset_version=opset,
        custom_opsets={"mmdeploy": 1},
        input_names=["image"],
        output_names=["dets", "labels"],
        dynamic_axes={"dets": {0: "K"}, "labels": {0: "K"}},
    )
    return onnx.load_from_string(file.getvalue())
