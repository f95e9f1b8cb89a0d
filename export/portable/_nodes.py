"""Nodes that a function body can stand for: all attributes written out, batch indices, one number of maps."""

from __future__ import annotations

from typing import Any

import onnx

from roiops.export._nodes import make_node, node_arguments
from roiops.export._tracer import INT64, UNKNOWN, Tracer
from roiops.export.portable._bodies import BODIES, WITHOUT_BODY
from roiops.operators import DOMAIN, OPERATORS, Operator


class PortableError(ValueError):
    """A model that function bodies cannot make portable; the message names the node and the reason."""


def is_roi_node(node: onnx.NodeProto) -> bool:
    """Return whether ``node`` calls one of the operators of domain ``roiops``."""
    return node.domain == DOMAIN and node.op_type in OPERATORS


def maps_of(node: onnx.NodeProto) -> list[str]:
    """Return the names of a node's feature maps."""
    operator = OPERATORS[node.op_type]
    first = operator.index("features")
    return list(node.input[first:] if operator.inputs[first].variadic else node.input[first : first + 1])


def describe(node: onnx.NodeProto) -> str:
    """Return what an error message calls the node."""
    return f"node {node.name or ', '.join(node.output)!r} (roiops::{node.op_type})"


def check_inputs(node: onnx.NodeProto) -> None:
    """Check that the operator has a body, how many inputs and outputs a node has, and that none is left out.

    Raises:
        PortableError: it is not as in the operator's schema.
    """
    operator = OPERATORS[node.op_type]
    if operator.name in WITHOUT_BODY:
        raise PortableError(
            f"{describe(node)}: standard operators have no equivalent: {WITHOUT_BODY[operator.name]}"
        )
    few = len(operator.inputs)
    many = len(node.input) if operator.inputs[-1].variadic else few
    if not few <= len(node.input) <= many or not all(node.input):
        wanted = ", ".join(f"{i.name}{' (one or more)' * i.variadic}" for i in operator.inputs)
        raise PortableError(f"{describe(node)}: inputs: expected {wanted}, got {list(node.input)}")
    if len(node.output) != len(operator.outputs):
        wanted = ", ".join(output.name for output in operator.outputs)
        raise PortableError(f"{describe(node)}: outputs: expected {wanted}, got {list(node.output)}")


def arguments_of(node: onnx.NodeProto) -> dict[str, Any]:
    """Return the checked arguments of a node that passes `check_inputs`.

    Raises:
        PortableError: a wrong attribute, one that is not fixed, or one that has no equivalent.
    """
    operator = OPERATORS[node.op_type]
    try:
        arguments = node_arguments(operator, node)
        _check_used(operator, arguments)
    except (TypeError, ValueError) as error:
        raise PortableError(f"{describe(node)}: {error}") from error
    return arguments


def portable_nodes(node: onnx.NodeProto, maps: int) -> list[onnx.NodeProto]:
    """Return the node, rewritten for its function body, after the standard nodes that it then needs.

    Args:
        node: a node that `is_roi_node` and passes `check_inputs`.
        maps: number of feature maps of the body of an operator on a pyramid, at least that of the node.

    Raises:
        PortableError: mode="max", a wrong attribute, or one that is not fixed.
    """
    operator = OPERATORS[node.op_type]
    t = Tracer(prefix=f"{node.output[0]}/")
    arguments = arguments_of(node)
    try:
        result = _rewritten(t, operator, node, maps, arguments)
    except (TypeError, ValueError) as error:
        raise PortableError(f"{describe(node)}: {error}") from error
    result.doc_string = node.doc_string
    return [*t.nodes, result]


def _check_used(operator: Operator, arguments: dict[str, Any]) -> None:
    for parameter in operator.parameters:
        value = arguments[parameter.name]
        if parameter.name not in BODIES[operator.name].used and value != parameter.default:
            raise ValueError(
                f"{parameter.name}: expected {parameter.default!r}, got {value!r}, "
                "for which standard operators have no equivalent"
            )


def _rewritten(
    t: Tracer, operator: Operator, node: onnx.NodeProto, maps: int, arguments: dict[str, Any]
) -> onnx.NodeProto:
    variadic = operator.inputs[-1].variadic
    inputs: dict[str, Any] = dict(zip((given.argument for given in operator.inputs), node.input))
    if variadic:
        xs, scales = maps_of(node), arguments["spatial_scales"]
        if len(scales) != len(xs):
            raise ValueError(
                f"spatial_scales: expected one scale per feature map ({len(xs)}), got {len(scales)}"
            )
        extra = maps - len(xs)
        if extra:
            # The body has more maps; the last one stands in for those, and a level that means one stays an
            # error.
            given = t.value(INT64, inputs["levels"])
            inputs["levels"] = t.where(given < len(xs), given, -1).name
        inputs[operator.inputs[-1].argument] = xs + xs[-1:] * extra
        arguments = {**arguments, "spatial_scales": scales + scales[-1:] * extra}
    if arguments.get("batch_format") == "boxes_num":
        inputs["batch"] = image_of_each_box(t, maps_of(node)[0], inputs["boxes"], inputs["batch"])
        arguments = {**arguments, "batch_format": "batch_indices"}
    outputs = {output.name: name for output, name in zip(operator.outputs, node.output)}
    return make_node(operator, inputs, outputs, arguments, node.name)


def image_of_each_box(t: Tracer, x: str, boxes: str, counts: str) -> str:
    """Trace the image of each box (K,) from the boxes per image (N,); wrong counts give a wrong length.

    ``x`` names any tensor with one row per image.
    """
    box_count = t.value(UNKNOWN, boxes).shape().take(0)
    images = t.value(UNKNOWN, x).shape().slice(0, 1)
    per_image = t.op("Reshape", t.value(UNKNOWN, counts).cast(INT64), images)
    too_many = box_count + 1
    per_image = t.where(per_image < 0, too_many, per_image).reshape(-1, 1)
    belongs = t.arange(too_many) < per_image  # one row per image, with as many ones as it has boxes
    return t.op("NonZero", belongs, dtype=INT64).take(0).name
