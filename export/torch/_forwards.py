"""What the poolers of the frameworks compute, written with our operators."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from roiops.export._levels import (
    make_detectron2_level_nodes,
    make_mmdet_level_nodes,
    make_torchvision_level_nodes,
)
from roiops.export.torch._boundaries import level_boundaries
from roiops.export.torch._operators import boxes_num, multiscale_roi_align, roi_align
from roiops.operators._boxes import OUTPUT_SIZE
from roiops.operators._operator import box_types


def torchvision_forward(pooler: nn.Module, name: str) -> Callable:
    """Write the forward of ``torchvision.ops.MultiScaleRoIAlign``."""
    pooling = {
        "output_size": pooler.output_size,
        "sampling_ratio": pooler.sampling_ratio,
        "aligned": False,
    }

    def forward(x: dict[str, Tensor], boxes: list[Tensor], image_shapes: list[tuple[int, int]]) -> Tensor:
        maps = [features for key, features in x.items() if key in pooler.featmap_names]
        if not maps:
            raise ValueError(f"{name}: x: expected maps named {pooler.featmap_names}, got {list(x)}")
        scales = pooler.scales or [_inferred_scale(features, image_shapes) for features in maps]
        finest, coarsest = (round(-math.log2(scale)) for scale in (scales[0], scales[-1]))
        reached = coarsest - finest + 1  # fewer than the maps where several have one size
        if not 1 <= reached <= len(maps):
            raise ValueError(f"{name}: expected a map for each level from first to last, got scales {scales}")
        every = torch.cat(boxes)
        levels = _levels(
            every,
            make_torchvision_level_nodes,
            reached,
            min_level=finest,
            max_level=coarsest,
            canonical_size=pooler.canonical_scale,
            canonical_level=pooler.canonical_level,
        )
        return _pool(maps[:reached], scales[:reached], every, boxes_num(boxes), "boxes_num", levels, pooling)

    return forward


def detectron2_forward(pooler: nn.Module, name: str) -> Callable:
    """Write the forward of ``detectron2.modeling.poolers.ROIPooler``."""
    pooling = _pooling_of(pooler.level_poolers, f"{name}.level_poolers")
    scales = [layer.spatial_scale for layer in pooler.level_poolers]

    def forward(x: Sequence[Tensor], box_lists: Sequence[Any]) -> Tensor:
        boxes = [image.tensor for image in box_lists]
        every = torch.cat(boxes)
        levels = _levels(
            every,
            make_detectron2_level_nodes,
            len(scales),
            min_level=pooler.min_level,
            max_level=pooler.max_level,
            canonical_size=pooler.canonical_box_size,
            canonical_level=pooler.canonical_level,
        )
        return _pool(x, scales, every, boxes_num(boxes), "boxes_num", levels, pooling)

    return forward


def mmdet_forward(extractor: nn.Module, name: str) -> Callable:
    """Write the forward of mmdetection's ``SingleRoIExtractor``."""
    pooling = _pooling_of(extractor.roi_layers, f"{name}.roi_layers")
    scales = [layer.spatial_scale for layer in extractor.roi_layers]

    def forward(feats: Sequence[Tensor], rois: Tensor, roi_scale_factor: float | None = None) -> Tensor:
        maps = len(feats)
        images, boxes = rois[:, 0].to(torch.int64), rois[:, 1:]
        levels = _levels(
            boxes, make_mmdet_level_nodes, maps, num_levels=maps, finest_scale=extractor.finest_scale
        )
        if roi_scale_factor is not None and maps > 1:  # mmdetection scales nothing for a single map
            boxes = _scaled_about_their_centres(boxes, roi_scale_factor)
        return _pool(feats, scales[:maps], boxes, images, "batch_indices", levels, pooling)

    return forward


def _pool(
    maps: Sequence[Tensor],
    scales: Sequence[float],
    boxes: Tensor,
    batch: Tensor,
    batch_format: str,
    levels: Tensor,
    pooling: dict[str, Any],
) -> Tensor:
    allowed = [getattr(torch, name) for name in box_types(str(maps[0].dtype).removeprefix("torch."))]
    boxes = boxes if boxes.dtype in allowed else _cast(boxes, maps[0].dtype)
    if len(maps) == 1:
        return roi_align(maps[0], boxes, batch, spatial_scale=scales[0], batch_format=batch_format, **pooling)
    return multiscale_roi_align(
        maps, boxes, batch, levels, spatial_scales=scales, batch_format=batch_format, **pooling
    )


def _pooling_of(layers: Sequence[nn.Module], where: str) -> dict[str, Any]:
    poolings = []
    for i, layer in enumerate(layers):
        # Detectron2 and mmcv spell it differently. By name, as rotated layers have the same attributes.
        if type(layer).__name__ not in ("ROIAlign", "RoIAlign"):
            raise ValueError(f"{where}[{i}]: expected a RoIAlign layer, got {type(layer).__name__}")
        poolings.append(
            {
                "output_size": OUTPUT_SIZE.check(layer.output_size),
                "sampling_ratio": layer.sampling_ratio,
                "aligned": bool(layer.aligned),
                "mode": getattr(layer, "pool_mode", "avg"),
            }
        )
        if poolings[i] != poolings[0]:
            raise ValueError(f"{where}[{i}]: expected {poolings[0]} as in [0], got {poolings[i]}")
    return poolings[0]


def _inferred_scale(features: Tensor, image_shapes: Sequence[tuple[int, int]]) -> float:
    height = max(float(shape[0]) for shape in image_shapes)
    return 2.0 ** round(math.log2(float(features.shape[-2]) / height))


def _levels(boxes: Tensor, make_level_nodes: Callable, maps: int, **rule: float) -> Tensor:
    x1, y1, x2, y2 = _cast(boxes, torch.float32).split(1, dim=1)
    boundaries = level_boundaries(make_level_nodes, maps, **rule)
    area = (x2 - x1) * (y2 - y1)
    return (area >= torch.tensor(boundaries, dtype=torch.float32, device=boxes.device)).sum(1)


def _cast(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    # The TorchScript exporter writes a Cast even where it changes nothing.
    return tensor if tensor.dtype == dtype else tensor.to(dtype)


def _scaled_about_their_centres(boxes: Tensor, factor: float) -> Tensor:
    low, high = boxes.split(2, dim=1)
    centre, half = (low + high) / 2, (high - low) * (factor / 2)
    return torch.cat([centre - half, centre + half], dim=1)
