"""ONNX nodes for the TorchScript exporter."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch.onnx import symbolic_helper

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
from roiops.operators._shapes import element_types, output_shapes, sizes_of

# One version for all: torchvision has symbolics at 11 and 16, and others may have added theirs in between.
_OPSETS = range(11, 25)


def register_symbolics() -> None:
    """Let ``torch.onnx.export(..., dynamo=False)`` write our operators, for this process.

    torchvision's ``roi_align`` becomes ``roiops::RoiAlign`` at every opset, and so do the operators of this
    module. Calling it again changes nothing.
    """
    for name, symbolic in _SYMBOLICS.items():
        for opset in _OPSETS:
            torch.onnx.register_custom_op_symbolic(name, symbolic, opset)


def unregister_symbolics() -> None:
    """Undo `register_symbolics`: torchvision's ``roi_align`` becomes the standard operator again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of what is not registered
        for name in _SYMBOLICS:
            for opset in _OPSETS:
                torch.onnx.unregister_custom_op_symbolic(name, opset)
    # torchvision's symbolics are custom ones too: torch has forgotten them when it took ours.
    from torchvision.ops import _register_custom_op

    _register_custom_op()


@symbolic_helper.parse_args("v", "v", "f", "i", "i", "i", "b")
def _torchvision_roi_align(
    g: Any,
    x: Any,
    rois: Any,
    spatial_scale: float,
    height: int,
    width: int,
    sampling_ratio: int,
    aligned: bool,
) -> Any:
    boxes, indices = _split_rois(g, rois)
    arguments = ROI_ALIGN.check(
        output_size=(height, width),
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        batch_format="batch_indices",
    )
    return _node(g, ROI_ALIGN, {"x": x, "boxes": boxes, "batch": indices}, arguments)


@symbolic_helper.parse_args("v", "v", "f", "i", "i")
def _torchvision_roi_pool(g: Any, x: Any, rois: Any, spatial_scale: float, height: int, width: int) -> Any:
    boxes, indices = _split_rois(g, rois)
    arguments = ROI_POOL.check(
        output_size=(height, width), spatial_scale=spatial_scale, batch_format="batch_indices"
    )
    # torchvision's other output, where the maxima were, is for its backward pass.
    return _node(g, ROI_POOL, {"x": x, "boxes": boxes, "batch": indices}, arguments), None


def _split_rois(g: Any, rois: Any) -> tuple[Any, Any]:
    """Return boxes and the image of each, from the form that torchvision keeps them in."""
    image = g.op("Gather", rois, _constant(g, 0), axis_i=1)
    boxes = g.op("Gather", rois, _constant(g, [1, 2, 3, 4]), axis_i=1)
    return boxes, g.op("Cast", image, to_i=torch.onnx.TensorProtoDataType.INT64)


_LETTERS = {Int: "i", Flag: "b", Float: "f", Floats: "fs", Choice: "s", Size: "is"}


def _symbolic(operator: Operator) -> Callable[..., Any]:
    """Return the symbolic of the ``torch.library`` operator of an operator."""
    inputs = tensor_inputs(operator)
    letters = [_LETTERS[type(parameter)] for parameter in operator.parameters]

    def symbolic(g: Any, *values: Any) -> Any:
        tensors = {
            given.argument: symbolic_helper._unpack_list(value) if given.variadic else value
            for given, value in zip(inputs, values)
        }
        arguments = {p.name: value for p, value in zip(operator.parameters, values[len(inputs) :])}
        return _node(g, operator, tensors, operator.check(**arguments))

    # torch pairs values with the names of the arguments.
    names = ["g", *(given.argument for given in inputs), *(p.name for p in operator.parameters)]
    symbolic.__dict__["__signature__"] = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    )
    return symbolic_helper.parse_args(*["v"] * len(inputs), *letters)(symbolic)


def _boxes_num(g: Any, boxes: Any) -> Any:
    shapes = [g.op("Shape", tensor) for tensor in symbolic_helper._unpack_list(boxes)]
    first_of_each = _constant(g, list(range(0, 2 * len(shapes), 2)))
    return g.op("Gather", g.op("Concat", *shapes, axis_i=0), first_of_each, axis_i=0)


def _node(g: Any, operator: Operator, tensors: dict[str, Any], arguments: dict[str, Any]) -> Any:
    attributes = operator.write(arguments)
    values: list[Any] = []
    shapes: dict[str, Any] = {}
    for given in operator.inputs:
        value = tensors[given.argument]
        values += value if given.variadic else [value]
        first = value[0] if given.variadic else value
        rank = symbolic_helper._get_tensor_rank(first)
        sizes = (
            None if rank is None else [symbolic_helper._get_tensor_dim_size(first, i) for i in range(rank)]
        )
        shapes[given.name] = sizes
    # torch tells the type of an attribute by a letter at the end of its name.
    kinds = {"INT": "i", "FLOAT": "f", "FLOATS": "f", "STRING": "s"}
    typed = {
        f"{a.name}_{kinds[a.kind]}": attributes[a.name] for a in operator.attributes if a.name in attributes
    }
    kind = f"{operator.domain}::{operator.name}"
    results = g.op(kind, *values, outputs=len(operator.outputs), **typed)
    results = results if isinstance(results, (list, tuple)) else (results,)
    found = output_shapes(operator, sizes_of(operator, shapes, attributes), attributes)
    names = element_types(operator, {v.name: v.name for v in operator.types}, attributes)
    for y, shape, name in zip(results, found, names):
        # A type variable's type is that of its first input.
        like = next((i for i in operator.inputs if i.type == name), operator.inputs[0])
        value = tensors[like.argument]
        like_type = (value[0] if isinstance(value, (list, tuple)) else value).type()
        sized = like_type.with_sizes(list(shape or ()))
        y.setType(sized.with_dtype(getattr(torch, name)) if hasattr(torch, name) else sized)
    return results[0] if len(results) == 1 else results


def _constant(g: Any, value: Any) -> Any:
    return g.op("Constant", value_t=torch.tensor(value))


_SYMBOLICS = {
    "torchvision::roi_align": _torchvision_roi_align,
    "torchvision::roi_pool": _torchvision_roi_pool,
    "roiops::roi_align": _symbolic(ROI_ALIGN),
    "roiops::multiscale_roi_align": _symbolic(MULTI_SCALE_ROI_ALIGN),
    "roiops::paste_masks": _symbolic(PASTE_MASKS),
    "roiops::heatmaps_to_keypoints": _symbolic(HEATMAPS_TO_KEYPOINTS),
    "roiops::boxes_num": _boxes_num,
}
