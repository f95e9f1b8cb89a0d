"""ONNX nodes for the TorchScript exporter."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch.onnx import symbolic_helper

from roiops.export._names import DOMAIN
from roiops.export._nodes import common_attributes

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
def _torchvision_roi_align(g, x, rois, spatial_scale, height, width, sampling_ratio, aligned):
    image = g.op("Gather", rois, _constant(g, 0), axis_i=1)
    boxes = g.op("Gather", rois, _constant(g, [1, 2, 3, 4]), axis_i=1)
    common = common_attributes((height, width), sampling_ratio, aligned, "avg", "batch_indices")
    indices = g.op("Cast", image, to_i=torch.onnx.TensorProtoDataType.INT64)
    return _node(g, "RoiAlign", [x, boxes, indices], x, {"spatial_scale": spatial_scale, **common})


@symbolic_helper.parse_args("v", "v", "v", "is", "f", "i", "b", "s", "s")
def _roi_align(g, x, boxes, batch, output_size, spatial_scale, sampling_ratio, aligned, mode, batch_format):
    common = common_attributes(output_size, sampling_ratio, aligned, mode, batch_format)
    return _node(g, "RoiAlign", [x, boxes, batch], x, {"spatial_scale": spatial_scale, **common})


@symbolic_helper.parse_args("v", "v", "v", "v", "is", "fs", "i", "b", "s", "s")
def _multiscale_roi_align(
    g, xs, boxes, batch, levels, output_size, spatial_scales, sampling_ratio, aligned, mode, batch_format
):
    maps = symbolic_helper._unpack_list(xs)
    common = common_attributes(output_size, sampling_ratio, aligned, mode, batch_format)
    attributes = {"spatial_scales": spatial_scales, **common}
    return _node(g, "MultiScaleRoiAlign", [boxes, batch, levels, *maps], maps[0], attributes)


def _boxes_num(g, boxes):
    shapes = [g.op("Shape", tensor) for tensor in symbolic_helper._unpack_list(boxes)]
    first_of_each = _constant(g, list(range(0, 2 * len(shapes), 2)))
    return g.op("Gather", g.op("Concat", *shapes, axis_i=0), first_of_each, axis_i=0)


def _node(g: Any, op_type: str, inputs: list, features: Any, attributes: dict[str, Any]) -> Any:
    # torch tells the type of an attribute by a letter at the end of its name.
    letters = {int: "i", float: "f", str: "s"}
    typed = {
        f"{name}_{letters[type(value[0] if isinstance(value, (list, tuple)) else value)]}": value
        for name, value in attributes.items()
    }
    y = g.op(f"{DOMAIN}::{op_type}", *inputs, **typed)
    channels = symbolic_helper._get_tensor_dim_size(features, 1)
    size = [attributes["output_height"], attributes["output_width"]]
    y.setType(features.type().with_sizes([None, channels, *size]))
    return y


def _constant(g: Any, value: Any) -> Any:
    return g.op("Constant", value_t=torch.tensor(value))


_SYMBOLICS = {
    "torchvision::roi_align": _torchvision_roi_align,
    "roiops::roi_align": _roi_align,
    "roiops::multiscale_roi_align": _multiscale_roi_align,
    "roiops::boxes_num": _boxes_num,
}
