"""Poolers with the public interface and formulas of Detectron2 and mmdetection, which pip does not install.

Class names, constructor arguments, attributes and forward signatures are theirs; the code is ours.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torchvision.ops import roi_align


class ROIAlign(nn.Module):
    """Detectron2's layer."""

    def __init__(self, output_size, spatial_scale: float, sampling_ratio: int, aligned: bool = True):
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.aligned = aligned

    def forward(self, input, rois):
        return roi_align(
            input,
            rois.to(input.dtype),
            self.output_size,
            self.spatial_scale,
            self.sampling_ratio,
            self.aligned,
        )


class ROIAlignRotated(ROIAlign):
    """A layer that is no RoIAlign although it has the attributes of one."""


class RoIAlign(ROIAlign):
    """mmcv's layer: other defaults, and a maximum as an alternative."""

    def __init__(self, output_size, spatial_scale=1.0, sampling_ratio=0, pool_mode="avg", aligned=True):
        super().__init__(output_size, spatial_scale, sampling_ratio, aligned)
        self.pool_mode = pool_mode


class Boxes:
    """Detectron2's boxes of one image."""

    def __init__(self, tensor: torch.Tensor):
        self.tensor = tensor

    def area(self):
        return (self.tensor[:, 2] - self.tensor[:, 0]) * (self.tensor[:, 3] - self.tensor[:, 1])


def fill_by_level(maps, rois, levels, layers, output_size):
    """Pool each box by the layer of its level, into zeros."""
    out = maps[0].new_zeros((len(rois), maps[0].shape[1], *output_size))
    for i, layer in enumerate(layers):
        chosen = torch.nonzero(levels == i, as_tuple=True)[0]
        out.index_put_((chosen,), layer(maps[i], rois[chosen]))
    return out


class ROIPooler(nn.Module):
    """Detectron2's pooler."""

    def __init__(
        self, output_size, scales, sampling_ratio, pooler_type, canonical_box_size=224, canonical_level=4
    ):
        super().__init__()
        self.output_size = (output_size, output_size) if isinstance(output_size, int) else tuple(output_size)
        aligned = {"ROIAlign": False, "ROIAlignV2": True}.get(pooler_type)
        layer = ROIAlignRotated if pooler_type == "ROIAlignRotated" else ROIAlign
        self.level_poolers = nn.ModuleList(
            layer(self.output_size, scale, sampling_ratio, aligned) for scale in scales
        )
        self.min_level = int(-math.log2(scales[0]))
        self.max_level = int(-math.log2(scales[-1]))
        self.canonical_box_size = canonical_box_size
        self.canonical_level = canonical_level

    def forward(self, x, box_lists):
        image = [torch.full_like(boxes.tensor[:, :1], i) for i, boxes in enumerate(box_lists)]
        rois = torch.cat([torch.cat([i, boxes.tensor], 1) for i, boxes in zip(image, box_lists)])
        if len(self.level_poolers) == 1:
            return self.level_poolers[0](x[0], rois)
        sizes = torch.sqrt(torch.cat([boxes.area() for boxes in box_lists]))
        levels = torch.floor(self.canonical_level + torch.log2(sizes / self.canonical_box_size + 1e-8))
        levels = levels.clamp(self.min_level, self.max_level).to(torch.int64) - self.min_level
        return fill_by_level(x, rois, levels, self.level_poolers, self.output_size)


class SingleRoIExtractor(nn.Module):
    """mmdetection's pooler; ``roi_layer`` is a configuration, of which the type is always RoIAlign."""

    def __init__(self, roi_layer, out_channels, featmap_strides, finest_scale=56):
        super().__init__()
        options = {key: value for key, value in roi_layer.items() if key != "type"}
        self.roi_layers = nn.ModuleList(RoIAlign(spatial_scale=1 / s, **options) for s in featmap_strides)
        self.out_channels = out_channels
        self.featmap_strides = featmap_strides
        self.finest_scale = finest_scale

    def map_roi_levels(self, rois, num_levels):
        scale = torch.sqrt((rois[:, 3] - rois[:, 1]) * (rois[:, 4] - rois[:, 2]))
        levels = torch.floor(torch.log2(scale / self.finest_scale + 1e-6))
        return levels.clamp(min=0, max=num_levels - 1).long()

    def roi_rescale(self, rois, scale_factor):
        centre_x, centre_y = (rois[:, 1] + rois[:, 3]) * 0.5, (rois[:, 2] + rois[:, 4]) * 0.5
        width, height = (rois[:, 3] - rois[:, 1]) * scale_factor, (rois[:, 4] - rois[:, 2]) * scale_factor
        left, top = centre_x - width * 0.5, centre_y - height * 0.5
        return torch.stack([rois[:, 0], left, top, centre_x + width * 0.5, centre_y + height * 0.5], dim=-1)

    def forward(self, feats, rois, roi_scale_factor=None):
        rois = rois.type_as(feats[0])
        if len(feats) == 1:
            return self.roi_layers[0](feats[0], rois)
        levels = self.map_roi_levels(rois, len(feats))
        if roi_scale_factor is not None:
            rois = self.roi_rescale(rois, roi_scale_factor)
        size = self.roi_layers[0].output_size
        size = (size, size) if isinstance(size, int) else size
        return fill_by_level(feats, rois, levels, self.roi_layers[: len(feats)], size)
