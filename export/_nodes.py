"""Nodes of the operators, written and read by the table: attributes are checked before they reach a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from onnx import AttributeProto, helper

from roiops import _values
from roiops.operators import MULTI_SCALE_ROI_ALIGN, ROI_ALIGN, ROI_POOL, Operator
from roiops.operators._parameters import Floats


def make_roi_align_node(
    x: str,
    boxes: str,
    batch: str,
    output: str,
    *,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    mode: str = "avg",
    batch_format: str = "boxes_num",
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a ``roiops::RoiAlign`` node; the model must import domain ``roiops`` version 1.

    Args:
        x: value name of the features (N, C, H, W).
        boxes: value name of the boxes (K, 4), x1 y1 x2 y2 in image pixels.
        batch: value name of the boxes per image (N,) or image of each box (K,), int32 or int64.
        output: value name of the result (K, C, height, width).
        output_size: bins per axis, an int or (height, width).
        spatial_scale: feature pixels per image pixel.
        sampling_ratio: samples per bin and axis, adaptive when <= 0.
        aligned: shift by half a pixel.
        mode: "avg", or "max" over the interpolated samples.
        batch_format: what ``batch`` holds, "boxes_num" or "batch_indices".
        name: node name, which ONNX Runtime puts into error messages.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = ROI_ALIGN.check(
        output_size=output_size,
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode=mode,
        batch_format=batch_format,
    )
    return make_node(ROI_ALIGN, {"x": x, "boxes": boxes, "batch": batch}, {"output": output}, arguments, name)


def make_multiscale_roi_align_node(
    boxes: str,
    batch: str,
    levels: str,
    xs: Sequence[str],
    output: str,
    *,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int = -1,
    aligned: bool = True,
    mode: str = "avg",
    batch_format: str = "boxes_num",
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a ``roiops::MultiScaleRoiAlign`` node: one node for a pyramid of feature maps.

    Args:
        boxes: value name of the boxes (K, 4), x1 y1 x2 y2 in image pixels.
        batch: value name of the boxes per image (N,) or image of each box (K,), int32 or int64.
        levels: value name of the index into ``xs`` of each box (K,), int64.
        xs: value names of the feature maps (N, C, H_l, W_l), at least one.
        output: value name of the result (K, C, height, width), in the order of the boxes.
        output_size: as in `make_roi_align_node`.
        spatial_scales: one scale per feature map.
        sampling_ratio: as in `make_roi_align_node`.
        aligned: as in `make_roi_align_node`.
        mode: as in `make_roi_align_node`.
        batch_format: as in `make_roi_align_node`.
        name: as in `make_roi_align_node`.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = MULTI_SCALE_ROI_ALIGN.check(
        output_size=output_size,
        spatial_scales=spatial_scales,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode=mode,
        batch_format=batch_format,
    )
    inputs = {"boxes": boxes, "batch": batch, "levels": levels, "xs": xs}
    return make_node(MULTI_SCALE_ROI_ALIGN, inputs, {"output": output}, arguments, name)


def make_roi_pool_node(
    x: str,
    boxes: str,
    batch: str,
    output: str,
    *,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    batch_format: str = "boxes_num",
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a ``roiops::RoiPool`` node; the model must import domain ``roiops`` version 1.

    Args:
        x: value name of the features (N, C, H, W).
        boxes: value name of the boxes (K, 4), x1 y1 x2 y2 in image pixels, the last pixel included.
        batch: value name of the boxes per image (N,) or image of each box (K,), int32 or int64.
        output: value name of the result (K, C, height, width).
        output_size: bins per axis, an int or (height, width).
        spatial_scale: feature pixels per image pixel.
        batch_format: what ``batch`` holds, "boxes_num" or "batch_indices".
        name: node name, which ONNX Runtime puts into error messages.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    arguments = ROI_POOL.check(
        output_size=output_size, spatial_scale=spatial_scale, batch_format=batch_format
    )
    return make_node(ROI_POOL, {"x": x, "boxes": boxes, "batch": batch}, {"output": output}, arguments, name)


def make_node(
    operator: Operator,
    inputs: Mapping[str, str | Sequence[str] | None],
    outputs: Mapping[str, str],
    arguments: Mapping[str, Any],
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a node of an operator of the table.

    Args:
        operator: the operator.
        inputs: value names by the inputs' names in Python, a sequence for a variadic one; None or no entry
            for an optional one that is left out.
        outputs: value names of the outputs in their order, by the names that messages give them.
        arguments: the operator's checked arguments.
        name: node name.

    Raises:
        TypeError, ValueError: a wrong value name; the message starts with the argument's name.
    """
    names: list[str] = []
    for given in operator.inputs:
        value = inputs.get(given.argument)
        if given.variadic:
            names += _variadic_names(operator, given.argument, value, arguments)
        elif value is None and given.optional:
            names.append("")
        else:
            names.append(_values.value_name(value, given.argument))
    while names and not names[-1]:
        names.pop()
    results = [_values.value_name(value, argument) for argument, value in outputs.items()]
    attributes = operator.write(arguments)
    return helper.make_node(operator.name, names, results, name=name, domain=operator.domain, **attributes)


def node_arguments(operator: Operator, node: onnx.NodeProto) -> dict[str, Any]:
    """Return the checked arguments of a node, defaults where attributes are absent.

    Raises:
        ValueError: a wrong attribute, or one that refers to the enclosing function's; the message starts with
            its name.
    """
    attributes = {}
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            raise ValueError(
                f"{attribute.name}: expected a value, got a reference to the enclosing function's"
            )
        kind = AttributeProto.AttributeType.Name(attribute.type)
        attributes[attribute.name] = (kind, helper.get_attribute_value(attribute))
    return operator.read(attributes)


def _variadic_names(operator: Operator, argument: str, value: Any, arguments: Mapping[str, Any]) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError(f"{argument}: expected a sequence of value names, got {value!r}")
    for parameter in operator.parameters:
        if isinstance(parameter, Floats) and len(arguments[parameter.name]) != len(value):
            wanted = len(arguments[parameter.name])
            raise ValueError(f"{argument}: expected one value name per scale ({wanted}), got {value!r}")
    return [_values.value_name(item, f"{argument}[{i}]") for i, item in enumerate(value)]
