"""Detectors with the proposals, poolers and heads of Detectron2, which is not on PyPI; the code is ours.

What matters to the graph is followed: boxes picked by topk, clipped, filtered by a mask, by batched NMS and
by a slice; a batch column from repeat_interleave; levels from areas; a zero tensor filled per level; boxes of
a second stage that are computed from what was pooled in the first.
"""

from __future__ import annotations

import io
import warnings

import onnx
import torch
from torch import nn
from torchvision.ops import batched_nms, roi_align

IMAGE = (128, 160)
STRIDES = (4, 8, 16, 32)
CHANNELS = 4
CLASSES = 3
CANONICAL_SIZE = 56
PRE_NMS, POST_NMS, DETECTIONS = 40, 30, 8


def lengths(tensors) -> torch.Tensor:
    """The number of rows of each tensor, as the tracer sees it."""
    counts = [t.shape[0] for t in tensors]
    return torch.stack([c if isinstance(c, torch.Tensor) else torch.tensor(c) for c in counts])


def area(boxes: torch.Tensor) -> torch.Tensor:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def clip(boxes: torch.Tensor) -> torch.Tensor:
    height, width = IMAGE
    columns = [c.clamp(0, s) for c, s in zip(boxes.unbind(-1), (width, height, width, height))]
    return torch.stack(columns, dim=-1)


def shift(boxes: torch.Tensor, deltas: torch.Tensor) -> torch.Tensor:
    """Move and scale boxes by (K, 4) small numbers."""
    sides = boxes[:, 2:] - boxes[:, :2]
    centres = boxes[:, :2] + 0.5 * sides + 0.1 * torch.tanh(deltas[:, :2]) * sides
    sides = sides * torch.exp(0.1 * torch.tanh(deltas[:, 2:]))
    return torch.cat([centres - 0.5 * sides, centres + 0.5 * sides], dim=1)


class Pooler(nn.Module):
    """ROIPooler."""

    def __init__(self, size: int, aligned: bool = True):
        super().__init__()
        self.size, self.aligned = size, aligned

    def forward(self, maps, box_lists):
        every = torch.cat(box_lists, dim=0)
        numbers = torch.arange(len(box_lists), dtype=every.dtype)
        image = torch.repeat_interleave(numbers, lengths(box_lists))
        rois = torch.cat([image[:, None], every], dim=1)
        sides = torch.sqrt(torch.cat([area(boxes) for boxes in box_lists]))
        level = torch.floor(4 + torch.log2(sides / CANONICAL_SIZE + 1e-8))
        level = torch.clamp(level, min=2, max=5).to(torch.int64) - 2
        out = torch.zeros((rois.shape[0], maps[0].shape[1], self.size, self.size), dtype=maps[0].dtype)
        for i, (x, stride) in enumerate(zip(maps, STRIDES)):
            chosen = (level == i).nonzero(as_tuple=True)[0]
            out.index_put_((chosen,), roi_align(x, rois[chosen], self.size, 1 / stride, 0, self.aligned))
        return out


class Proposals(nn.Module):
    """find_top_rpn_proposals on anchors of one size per level."""

    def __init__(self):
        super().__init__()
        self.objectness = nn.Conv2d(CHANNELS, 1, 1)
        self.deltas = nn.Conv2d(CHANNELS, 4, 1)

    def forward(self, maps):
        scores, boxes, levels = [], [], []
        for level, (x, stride) in enumerate(zip(maps, STRIDES)):
            logits = self.objectness(x).flatten(1)
            deltas = self.deltas(x).permute(0, 2, 3, 1).reshape(x.shape[0], -1, 4)
            candidates = self._anchors(x.shape[2], x.shape[3], stride) + 8 * torch.tanh(deltas)
            count = torch.clamp(torch.as_tensor(logits.shape[1]), max=PRE_NMS)
            top, index = logits.topk(count, dim=1)
            boxes.append(candidates[torch.arange(x.shape[0])[:, None], index])
            scores.append(top)
            levels.append(torch.full((count,), level, dtype=torch.int64))
        scores, boxes, levels = torch.cat(scores, 1), torch.cat(boxes, 1), torch.cat(levels)
        return [self._select(boxes[i], scores[i], levels) for i in range(maps[0].shape[0])]

    def _anchors(self, height, width, stride):
        y, x = torch.meshgrid(torch.arange(height) * stride, torch.arange(width) * stride, indexing="ij")
        corner = torch.stack([x, y], dim=-1).reshape(-1, 2).to(torch.float32)
        return torch.cat([corner, corner + 5.0 * stride], dim=1)

    def _select(self, boxes, scores, levels):
        valid = torch.isfinite(boxes).all(dim=1) & torch.isfinite(scores)
        boxes, scores, levels = boxes[valid], scores[valid], levels[valid]
        boxes = clip(boxes)
        keep = ((boxes[:, 2] - boxes[:, 0]) > 0) & ((boxes[:, 3] - boxes[:, 1]) > 0)
        boxes, scores, levels = boxes[keep], scores[keep], levels[keep]
        keep = batched_nms(boxes, scores, levels, 0.7)[:POST_NMS]
        return boxes[keep]


class Detector(nn.Module):
    """GeneralizedRCNN: proposals, a box head of ``stages`` stages, detections, and pooled masks of them."""

    def __init__(self, stages: int = 1, aligned: bool = True):
        super().__init__()
        torch.manual_seed(3)
        self.backbone = nn.ModuleList(nn.Conv2d(3, CHANNELS, 3, s, 1) for s in STRIDES)
        self.proposals = Proposals()
        self.pooler, self.mask_pooler = Pooler(5, aligned), Pooler(7, aligned)
        self.deltas = nn.ModuleList(nn.Linear(CHANNELS * 25, 4) for _ in range(stages))
        self.scores = nn.ModuleList(nn.Linear(CHANNELS * 25, CLASSES + 1) for _ in range(stages))
        self.mask = nn.Conv2d(CHANNELS, CLASSES, 1)

    def forward(self, images):
        maps = [layer(images) for layer in self.backbone]
        boxes = self.proposals(maps)
        scores = []
        for deltas, classes in zip(self.deltas, self.scores):
            pooled = self.pooler(maps, boxes).flatten(1)
            counts = [b.shape[0] for b in boxes]
            moved = shift(torch.cat(boxes), deltas(pooled))
            boxes = [clip(b) for b in moved.split(counts)]
            scores.append(classes(pooled).softmax(1).split(counts))
        means = [sum(of_stages) / len(scores) for of_stages in zip(*scores)]
        found = [self._detect(b, s) for b, s in zip(boxes, means)]
        masks = self.mask(self.mask_pooler(maps, [boxes for boxes, _, _ in found])).sigmoid()
        return [tensor for image in found for tensor in image] + [masks]

    def _detect(self, boxes, scores):
        scores = scores[:, :-1]
        mask = scores > 0.2
        index = mask.nonzero()
        boxes, scores, classes = boxes[index[:, 0]], scores[mask], index[:, 1]
        keep = batched_nms(boxes, scores, classes, 0.5)[:DETECTIONS]
        return boxes[keep], scores[keep], classes[keep]


def images(count: int, seed: int = 0) -> torch.Tensor:
    """A batch of noise."""
    return 2 * torch.randn(count, 3, *IMAGE, generator=torch.Generator().manual_seed(seed))


def export(module: nn.Module, count: int, opset: int) -> onnx.ModelProto:
    """Export with the TorchScript exporter, as Detectron2 does."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), (images(count),), buffer, input_names=["images"], opset_version=opset, dynamo=False
        )
    return onnx.load_from_string(buffer.getvalue())
