"""Multi-level poolers as PyTorch modules, and their exports to ONNX."""

from __future__ import annotations

import io
import warnings
from collections import OrderedDict

import onnx
import torch
from torch import nn
from torchvision.ops import MultiScaleRoIAlign, roi_align

IMAGE = (192, 256)
STRIDES = (4, 8, 16, 32)
CANONICAL_SIZE = 56


class TorchvisionPooler(nn.Module):
    """torchvision's pooler on four maps and one box tensor per image."""

    def __init__(self, images: int = 1, output_size: int = 7, sampling_ratio: int = 2, levels: int = 4):
        super().__init__()
        self.names = [str(i) for i in range(levels)]
        self.images = images
        self.pool = MultiScaleRoIAlign(
            self.names, output_size, sampling_ratio, canonical_scale=CANONICAL_SIZE
        )

    def forward(self, *inputs):
        maps = OrderedDict(zip(self.names, inputs))
        boxes = list(inputs[len(self.names) :])
        return self.pool(maps, boxes, [IMAGE] * self.images)


class Detectron2Pooler(nn.Module):
    """The graph of Detectron2's ROIPooler, written from its published formulas.

    Level floor(4 + log2(sqrt(area) / 224 + 1e-8)), clamped; a zero tensor filled with index_put per level.
    """

    def __init__(self, images: int = 1, output_size: int = 7, sampling_ratio: int = 0, aligned: bool = True):
        super().__init__()
        self.images, self.size, self.ratio, self.aligned = images, output_size, sampling_ratio, aligned

    def forward(self, *inputs):
        maps, boxes = inputs[: len(STRIDES)], inputs[len(STRIDES) :]
        counts = torch.stack(
            [torch.tensor(b.shape[0]) if isinstance(b.shape[0], int) else b.shape[0] for b in boxes]
        )
        every = torch.cat(boxes, dim=0)
        image = torch.repeat_interleave(torch.arange(len(boxes), dtype=every.dtype), counts)
        rois = torch.cat([image[:, None], every], dim=1)
        area = (every[:, 2] - every[:, 0]) * (every[:, 3] - every[:, 1])
        level = torch.floor(4 + torch.log2(torch.sqrt(area) / CANONICAL_SIZE + 1e-8))
        level = torch.clamp(level, min=2, max=5).to(torch.int64) - 2
        out = torch.zeros((rois.shape[0], maps[0].shape[1], self.size, self.size), dtype=maps[0].dtype)
        for i, (x, stride) in enumerate(zip(maps, STRIDES)):
            chosen = torch.nonzero(level == i, as_tuple=True)[0]
            pooled = roi_align(
                x, rois[chosen], (self.size, self.size), 1.0 / stride, self.ratio, self.aligned
            )
            out.index_put_((chosen,), pooled.to(out.dtype))
        return out


def feature_maps(images: int = 1, channels: int = 3, seed: int = 0) -> list[torch.Tensor]:
    """Four maps (images, channels, H / stride, W / stride) of a pyramid."""
    torch.manual_seed(seed)
    return [torch.randn(images, channels, IMAGE[0] // s, IMAGE[1] // s) for s in STRIDES]


def boxes(count: int, seed: int = 0) -> torch.Tensor:
    """(count, 4) boxes whose sizes reach every level."""
    torch.manual_seed(seed)
    size = 2 ** (3 + 4 * torch.rand(count, 2))
    corner = torch.rand(count, 2) * torch.tensor([IMAGE[1] - 100.0, IMAGE[0] - 100.0])
    return torch.cat([corner, corner + size], dim=1)


def pooler_inputs(images: int, count: int = 12) -> list[torch.Tensor]:
    """Feature maps, then one box tensor per image."""
    return feature_maps(images) + [boxes(count + i, i) for i in range(images)]


def input_names(images: int) -> list[str]:
    """Names of the inputs of a pooler with four maps."""
    return [f"p{i + 2}" for i in range(len(STRIDES))] + [f"boxes{i}" for i in range(images)]


def export_torchscript(module: nn.Module, images: int, opset: int, fold: bool = True) -> onnx.ModelProto:
    """Export a pooler with the TorchScript exporter, box counts dynamic."""
    names = input_names(images)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            tuple(pooler_inputs(images)),
            buffer,
            input_names=names,
            output_names=["pooled"],
            dynamic_axes={name: {0: f"count_{name}"} for name in names if name.startswith("boxes")},
            opset_version=opset,
            do_constant_folding=fold,
            dynamo=False,
        )
    return onnx.load_from_string(buffer.getvalue())


def export_dynamo(module: nn.Module, images: int, opset: int, dynamic: bool = True) -> onnx.ModelProto:
    """Export a pooler with the dynamo exporter; ``dynamic`` frees the box counts."""
    free = torch.export.Dim.DYNAMIC
    inputs = pooler_inputs(images)
    shapes = tuple({0: free} if dynamic and x.ndim == 2 else {} for x in inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs),
            input_names=input_names(images),
            output_names=["pooled"],
            dynamic_shapes=(shapes,),
            opset_version=opset,
            dynamo=True,
            verbose=False,
        )
    return program.model_proto
