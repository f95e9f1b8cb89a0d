"""Builders of whole models around one operator node, loadable by every supported ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from onnx import TensorProto, helper

from roiops import _values
from roiops.export import _types
from roiops.export._nodes import make_node
from roiops.operators import DOMAIN, VERSION, Operator
from roiops.operators._operator import resolve
from roiops.operators._shapes import element_types

IR_VERSION = 8  # onnx's newest is beyond what ONNX Runtime loads
OPSET = 17


def pooling_model(
    operator: Operator,
    arguments: Mapping[str, Any],
    x_type: int,
    boxes_type: int | None,
    batch_type: int,
    opset: int,
    name: str | None,
) -> onnx.ModelProto:
    """Build a model of one node that pools boxes of feature maps.

    Args:
        operator: the operator; a variadic input has a tensor for each of its ``spatial_scales``.
        arguments: its checked arguments.
        x_type: `onnx.TensorProto` element type of features and result.
        boxes_type: element type of the boxes; None for that of the features, FLOAT with 16-bit ones.
        batch_type: element type of the batch.
        opset: version of the standard operators that the model imports.
        name: node name.

    Raises:
        ValueError: a type or opset that does not fit; the message starts with its name.
    """
    types = checked_types(operator, {"x_type": x_type, "boxes_type": boxes_type, "batch_type": batch_type})
    names: list[str] = []
    for given in operator.inputs:
        levels = range(len(arguments["spatial_scales"])) if given.variadic else None
        names += [given.name] if levels is None else [f"{given.name}_{level}" for level in levels]
    return one_node_model(operator, arguments, types, names, opset, name)


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
        for output, element_type in zip(operator.outputs, element_types(operator, types, attributes))
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
    element_type: str,
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
