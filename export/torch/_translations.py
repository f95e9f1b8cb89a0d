"""ONNX nodes for the dynamo exporter, in onnxscript."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import GenericAlias
from typing import Any, TypeVar, Union

import onnxscript
import torch
from onnxscript import BFLOAT16, DOUBLE, FLOAT, FLOAT16, INT64
from onnxscript import opset18 as standard

from roiops.export import _types
from roiops.export._onnxscript import opset1
from roiops.export.torch._kernels import tensor_inputs
from roiops.operators import (
    HEATMAPS_TO_KEYPOINTS,
    MULTI_SCALE_ROI_ALIGN,
    PASTE_MASKS,
    ROI_ALIGN,
    ROI_POOL,
    Operator,
)
from roiops.operators._parameters import Choice, Flag, Float, Floats, Int, Size

_Float = TypeVar("_Float", bound=Union[FLOAT16, BFLOAT16, FLOAT, DOUBLE])


def translation_table() -> dict[Callable, Callable]:
    """Return the ``custom_translation_table`` of ``torch.onnx.export(..., dynamo=True)``.

    With it torchvision's ``roi_align`` becomes ``roiops::RoiAlign``, and so do the operators of this module.
    The model then needs a session that knows the library, or `roiops.export.add_function_bodies`.
    """
    return {
        torch.ops.torchvision.roi_align.default: _torchvision_roi_align,
        torch.ops.torchvision.roi_pool.default: _torchvision_roi_pool,
        torch.ops.roiops.roi_align.default: _translation(ROI_ALIGN),
        torch.ops.roiops.multiscale_roi_align.default: _translation(MULTI_SCALE_ROI_ALIGN),
        torch.ops.roiops.paste_masks.default: _translation(PASTE_MASKS),
        torch.ops.roiops.heatmaps_to_keypoints.default: _translation(HEATMAPS_TO_KEYPOINTS),
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
    arguments = ROI_ALIGN.check(
        output_size=(pooled_height, pooled_width),
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        aligned=bool(aligned),
        batch_format="batch_indices",
    )
    return opset1.RoiAlign(input, *_split_rois(rois), **ROI_ALIGN.write(arguments))


def _torchvision_roi_pool(
    input: _Float,
    rois: _Float,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
) -> tuple[_Float, INT64]:
    arguments = ROI_POOL.check(
        output_size=(pooled_height, pooled_width), spatial_scale=spatial_scale, batch_format="batch_indices"
    )
    pooled = opset1.RoiPool(input, *_split_rois(rois), **ROI_POOL.write(arguments))
    # torchvision's other output, where the maxima were, is for its backward pass.
    return pooled, standard.Constant(value_int=0)


def _split_rois(rois: _Float) -> tuple[_Float, INT64]:
    """Return boxes and the image of each, from the form that torchvision keeps them in."""
    image = standard.Gather(rois, standard.Constant(value_int=0), axis=1)
    return standard.Slice(rois, [1], [5], [1]), standard.Cast(image, to=INT64.dtype)


_ANNOTATIONS = {
    Int: int,
    Flag: bool,
    Float: float,
    Floats: Sequence[float],
    Choice: str,
    Size: Sequence[int],
}


def _translation(operator: Operator) -> Callable[..., Any]:
    """Return the translation of the ``torch.library`` operator of an operator.

    Its signature is made here, because torch tells inputs from attributes by the annotations.
    """
    variables = {
        v.name: TypeVar(v.name, bound=Union[tuple(map(_tensor_type, v.allowed))]) for v in operator.types
    }
    annotations: dict[str, Any] = {}
    for given in tensor_inputs(operator):
        kind = variables.get(given.type) or _tensor_type(given.type)
        annotations[given.argument] = GenericAlias(Sequence, (kind,)) if given.variadic else kind
    annotations.update((p.name, _ANNOTATIONS[type(p)]) for p in operator.parameters)
    signature = inspect.Signature(
        [
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=kind)
            for name, kind in annotations.items()
        ]
    )

    def translate(*positional: Any, **named: Any) -> Any:
        values = signature.bind(*positional, **named).arguments
        arguments = operator.check(**{p.name: values[p.name] for p in operator.parameters})
        single = [values[i.argument] for i in operator.inputs if not i.variadic]
        # The maps by name: torch repeats the other inputs when they stand before a variadic one.
        variadic = {i.name: list(values[i.argument]) for i in operator.inputs if i.variadic}
        return getattr(opset1, operator.name)(*single, **variadic, **operator.write(arguments))

    translate.__dict__["__signature__"] = signature
    translate.__annotations__ = annotations
    return translate


def _tensor_type(name: str) -> Any:
    return getattr(onnxscript, _types.onnx_name(name))


def _boxes_num(boxes: Sequence[_Float]) -> INT64:
    counts = [standard.Shape(tensor, start=0, end=1) for tensor in boxes]
    return standard.Concat(*counts, axis=0)
