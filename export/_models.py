"""Builders of whole models around one operator node, loadable by every supported ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from onnx import TensorProto, helper

from roiops import _values
from roiops.export import _types
from roiops.export._nodes import make_node
from roiops.operators import DOMAIN, MULTI_SCALE_ROI_ALIGN, ROI_ALIGN, ROI_POOL, VERSION, Operator
from roiops.operators._operator import resolve
from roiops.operators._shapes import output_types

IR_VERSION = 8  # onnx's newest is beyond what ONNX Runtime loads
OPSET = 17


def make_roi_align_model(
    *,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    mode: str = "avg",
    batch_format: str = "boxes_num",
    x_type: int = TensorProto.FLOAT,
    boxes_type: int | None = None,
    batch_type: int = TensorProto.INT64,
    opset: int = OPSET,
    name: str | None = None,
) -> onnx.ModelProto:
    """Build a model with inputs X (N, C, H, W), boxes (K, 4), batch (N,) or (K,) and output Y.

    Args:
        output_size: bins per axis, an int or (height, width).
        spatial_scale: feature pixels per image pixel.
        sampling_ratio: samples per bin and axis, adaptive when <= 0.
        aligned: shift by half a pixel.
        mode: "avg", or "max" over the interpolated samples.
        batch_format: what ``batch`` holds, "boxes_num" or "batch_indices".
        x_type: `onnx.TensorProto` element type of X and Y: FLOAT, DOUBLE, FLOAT16 or BFLOAT16.
        boxes_type: element type of the boxes; by default that of X, and FLOAT with 16-bit X.
        batch_type: element type of the batch input, INT32 or INT64.
        opset: version of the standard operators that the model imports.
        name: node name, which ONNX Runtime puts into error messages.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    arguments = ROI_ALIGN.check(
        output_size=output_size,
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode=mode,
        batch_format=batch_format,
    )
    types = checked_types(ROI_ALIGN, {"x_type": x_type, "boxes_type": boxes_type, "batch_type": batch_type})
    return one_node_model(ROI_ALIGN, arguments, types, ["X", "boxes", "batch"], opset, name)


def make_multiscale_roi_align_model(
    *,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int = -1,
    aligned: bool = True,
    mode: str = "avg",
    batch_format: str = "boxes_num",
    x_type: int = TensorProto.FLOAT,
    boxes_type: int | None = None,
    batch_type: int = TensorProto.INT64,
    opset: int = OPSET,
    name: str | None = None,
) -> onnx.ModelProto:
    """Build a model with inputs boxes (K, 4), batch, levels (K,), X_0, X_1, ... (N, C, H_l, W_l), output Y.

    Args:
        output_size: as in `make_roi_align_model`, like every argument but ``spatial_scales``.
        spatial_scales: feature pixels per image pixel, one for each feature map.
        sampling_ratio: samples per bin and axis, adaptive when <= 0.
        aligned: shift by half a pixel.
        mode: "avg", or "max" over the interpolated samples.
        batch_format: what ``batch`` holds, "boxes_num" or "batch_indices".
        x_type: element type of the feature maps and Y.
        boxes_type: element type of the boxes.
        batch_type: element type of the batch input.
        opset: version of the standard operators that the model imports.
        name: node name.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    arguments = MULTI_SCALE_ROI_ALIGN.check(
        output_size=output_size,
        spatial_scales=spatial_scales,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode=mode,
        batch_format=batch_format,
    )
    types = checked_types(
        MULTI_SCALE_ROI_ALIGN, {"x_type": x_type, "boxes_type": boxes_type, "batch_type": batch_type}
    )
    names = ["boxes", "batch", "levels", *(f"X_{i}" for i in range(len(arguments["spatial_scales"])))]
    return one_node_model(MULTI_SCALE_ROI_ALIGN, arguments, types, names, opset, name)


def make_roi_pool_model(
    *,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    batch_format: str = "boxes_num",
    x_type: int = TensorProto.FLOAT,
    boxes_type: int | None = None,
    batch_type: int = TensorProto.INT64,
    opset: int = OPSET,
    name: str | None = None,
) -> onnx.ModelProto:
    """Build a model with inputs X (N, C, H, W), boxes (K, 4), batch (N,) or (K,) and output Y.

    Args:
        output_size: bins per axis, an int or (height, width).
        spatial_scale: feature pixels per image pixel.
        batch_format: what ``batch`` holds, "boxes_num" or "batch_indices".
        x_type: element type of X and Y.
        boxes_type: element type of the boxes; by default that of X, and FLOAT with 16-bit X.
        batch_type: element type of the batch input.
        opset: version of the standard operators that the model imports.
        name: node name.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """
    arguments = ROI_POOL.check(
        output_size=output_size, spatial_scale=spatial_scale, batch_format=batch_format
    )
    types = checked_types(ROI_POOL, {"x_type": x_type, "boxes_type": boxes_type, "batch_type": batch_type})
    return one_node_model(ROI_POOL, arguments, types, ["X", "boxes", "batch"], opset, name)


def one_node_model(
    operator: Operator,
    arguments: Mapping[str, Any],
    types: Mapping[str, str],
    names: Sequence[str],
    opset: int = OPSET,
    name: str | None = None,
) -> onnx.ModelProto:
    """Build a model of one node whose inputs and outputs have the names of the operator's.

    Args:
        operator: the operator.
        arguments: its checked arguments.
        types: the element type of every type variable.
        names: the inputs of the model, ``X_0``, ``X_1``, ... for those of a variadic input ``X``; an optional
            input that is not among them is left out.
        opset: version of the standard operators that the model imports.
        name: node name.
    """
    opset = _values.integer(opset, "opset", 1, _values.INT32_MAX)
    attributes = operator.write(arguments)
    inputs, values = {}, []
    for given in operator.inputs:
        own = [n for n in names if n == given.name or (given.variadic and n.startswith(f"{given.name}_"))]
        inputs[given.argument] = own if given.variadic else next(iter(own), None)
        element_type = types.get(given.type, given.type)
        shape = resolve(given.shape, attributes)
        values += [_value(n, element_type, shape, attributes, i) for i, n in enumerate(own)]
    outputs = [
        _value(output.name, element_type, resolve(output.shape, attributes), attributes)
        for output, element_type in zip(operator.outputs, output_types(operator, types, attributes))
    ]
    node = make_node(operator, inputs, {o.name: o.name for o in operator.outputs}, arguments, name)
    graph = helper.make_graph([node], operator.name, values, outputs)
    imports = [helper.make_opsetid("", opset), helper.make_opsetid(DOMAIN, VERSION)]
    return helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION, producer_name="roiops")


def take_and_give_float32(model: onnx.ModelProto) -> None:
    """Put casts between the bfloat16 inputs and outputs of a one-node model and a float32 outside."""
    graph, node = model.graph, model.graph.node[0]
    before: list[onnx.NodeProto] = []
    after: list[onnx.NodeProto] = []
    for values, names, casts in ((graph.input, node.input, before), (graph.output, node.output, after)):
        for value in values:
            if value.type.tensor_type.elem_type != TensorProto.BFLOAT16:
                continue
            value.type.tensor_type.elem_type = TensorProto.FLOAT
            inner = f"{value.name}_bfloat16"
            names[list(names).index(value.name)] = inner
            if casts is before:
                casts.append(helper.make_node("Cast", [value.name], [inner], to=TensorProto.BFLOAT16))
            else:
                casts.append(helper.make_node("Cast", [inner], [value.name], to=TensorProto.FLOAT))
    nodes = [*before, node, *after]
    graph.CopyFrom(helper.make_graph(nodes, graph.name, graph.input, graph.output))


def _value(
    name: str,
    element_type: str | None,
    shape: Sequence[int | str] | None,
    attributes: Mapping[str, Any],
    index: int = 0,
) -> onnx.ValueInfoProto:
    dims = shape and [
        f"{axis}"[:-1] + f"{index}" if str(axis).endswith("_l") else attributes.get(str(axis), axis)
        for axis in shape
    ]
    return helper.make_tensor_value_info(name, _types.ELEMENT_TYPES[element_type], dims)


def checked_types(operator: Operator, element_types: Mapping[str, int | None]) -> dict[str, str]:
    """Return the element types of the type variables, from arguments in the order of these."""
    types: dict[str, str] = {}
    for variable, (argument, element_type) in zip(operator.types, element_types.items()):
        allowed = operator.allowed_types(variable.name, types)
        found = allowed[0] if element_type is None else _types.NAMES.get(element_type)
        if found not in allowed:
            first = next(i.name for i in operator.inputs if i.type == "T")
            beside = f" beside {first} of type {_types.onnx_name(types['T'])}" if variable.boxes_of else ""
            wanted = " or ".join(map(_types.onnx_name, allowed))
            got = _types.describe(element_type)
            raise ValueError(f"{argument}: expected {wanted}{beside}, got {got}")
        types[variable.name] = found
    return types
