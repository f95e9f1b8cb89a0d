"""ONNX nodes for the dynamo exporter, in onnxscript."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, Union

import torch
from onnxscript import BFLOAT16, DOUBLE, FLOAT, FLOAT16, INT32, INT64
from onnxscript import opset18 as standard

from roiops.export._nodes import common_attributes
from roiops.export._onnxscript import opset1

_Float = TypeVar("_Float", bound=Union[FLOAT16, BFLOAT16, FLOAT, DOUBLE])
_Integer = TypeVar("_Integer", bound=Union[INT32, INT64])


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


def _torchvision_roi_align(
    input: _Float,
    rois: _Float,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
    sampling_ratio: int,
    aligned: bool,
) -> _Float:
    image = standard.Gather(rois, standard.Constant(value_int=0), axis=1)
    return opset1.RoiAlign(
        input,
        standard.Slice(rois, [1], [5], [1]),
        standard.Cast(image, to=INT64.dtype),
        spatial_scale=spatial_scale,
        **common_attributes((pooled_height, pooled_width), sampling_ratio, aligned, "avg", "batch_indices"),
    )


def _roi_align(
    x: _Float,
    boxes: _Float,
    batch: _Integer,
    output_size: Sequence[int],
    spatial_scale: float,
    sampling_ratio: int,
    aligned: bool,
    mode: str,
    batch_format: str,
) -> _Float:
    common = common_attributes(output_size, sampling_ratio, aligned, mode, batch_format)
    return opset1.RoiAlign(x, boxes, batch, spatial_scale=spatial_scale, **common)


def _multiscale_roi_align(
    xs: Sequence[_Float],
    boxes: _Float,
    batch: _Integer,
    levels: INT64,
    output_size: Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int,
    aligned: bool,
    mode: str,
    batch_format: str,
) -> _Float:
    common = common_attributes(output_size, sampling_ratio, aligned, mode, batch_format)
    # The maps by name: torch repeats the other inputs when they stand before a variadic one.
    return opset1.MultiScaleRoiAlign(
        boxes, batch, levels, X=list(xs), spatial_scales=spatial_scales, **common
    )


def _boxes_num(boxes: Sequence[_Float]) -> INT64:
    counts = [standard.Shape(tensor, start=0, end=1) for tensor in boxes]
    return standard.Concat(*counts, axis=0)
