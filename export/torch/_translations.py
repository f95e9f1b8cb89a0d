"""ONNX nodes for the dynamo exporter, in onnxscript."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from onnxscript import INT64
from onnxscript import opset18 as standard

from roiops.export._nodes import common_attributes
from roiops.export._onnxscript import opset1


def translation_table() -> dict[Callable, Callable]:
    """Return the ``custom_translation_table`` of ``torch.onnx.export(..., dynamo=True)``.

    With it torchvision's ``roi_align`` becomes ``roiops::RoiAlign``, and so do the operators of this module.
    The model then needs a session that knows the library, or `roiops.export.add_function_bodies`.
    """
    return {
        torch.ops.torchvision.roi_align.default: _torchvision_roi_align,
        torch.ops.roiops.roi_align.default: _roi_align,
        torch.ops.roiops.multiscale_roi_align.default: _multiscale_roi_align,
        torch.ops.roiops.boxes_num.default: _boxes_num,
    }


def _torchvision_roi_align(input, rois, spatial_scale, pooled_height, pooled_width, sampling_ratio, aligned):
    indices = standard.Cast(standard.Gather(rois, standard.Constant(value_int=0), axis=1), to=INT64.dtype)
    boxes = standard.Slice(rois, [1], [5], [1])
    size = (pooled_height, pooled_width)
    return _roi_align(
        input, boxes, indices, size, spatial_scale, sampling_ratio, aligned, "avg", "batch_indices"
    )


def _roi_align(x, boxes, batch, output_size, spatial_scale=1.0, *common) -> Any:
    return opset1.RoiAlign(
        x, boxes, batch, spatial_scale=spatial_scale, **common_attributes(output_size, *common)
    )


def _multiscale_roi_align(xs, boxes, batch, levels, output_size, spatial_scales, *common) -> Any:
    # By name: torch repeats what stands before positional variadic inputs.
    return opset1.MultiScaleRoiAlign(
        boxes,
        batch,
        levels,
        X=list(xs),
        spatial_scales=spatial_scales,
        **common_attributes(output_size, *common),
    )


def _boxes_num(boxes: Sequence) -> Any:
    counts = [standard.Shape(tensor, start=0, end=1) for tensor in boxes]
    return standard.Concat(*counts, axis=0)
