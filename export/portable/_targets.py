"""What the bodies of a model are written for: an operator can have only one, which all its nodes share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import onnx
from onnx import TensorProto, shape_inference

from roiops.export._schemas import register_schemas
from roiops.export._tracer import DOUBLE, FLOAT, UNKNOWN
from roiops.export.portable._bodies import BODIES
from roiops.export.portable._body import Target
from roiops.export.portable._nodes import PortableError, arguments_of, describe, is_roi_node, maps_of
from roiops.export.portable._scopes import Scope, scopes
from roiops.operators import OPERATORS

_TypedNode = tuple[onnx.NodeProto, Mapping[str, int]]


def find_targets(model: onnx.ModelProto, opset: int) -> dict[str, Target]:
    """Return what the body of each operator in the model is written for.

    Args:
        model: a model whose nodes pass `check_inputs`.
        opset: the version of the standard operators.

    Raises:
        PortableError: nodes of an operator that need several bodies, or a wrong attribute.
    """
    register_schemas()
    typed: dict[str, list[_TypedNode]] = {}
    for node, types in _typed_nodes(scopes(shape_inference.infer_shapes(model))):
        typed.setdefault(node.op_type, []).append((node, types))
    return {name: _target(typed[name], opset) for name in BODIES if name in typed}


def _typed_nodes(found: Iterator[Scope]) -> Iterator[_TypedNode]:
    for scope in found:
        for node in filter(is_roi_node, scope.nodes):
            yield node, scope.types


def _target(typed: Sequence[_TypedNode], opset: int) -> Target:
    nodes = [node for node, _ in typed]
    body = BODIES[nodes[0].op_type]
    types = {"features": _type_of("features", typed, FLOAT), "boxes": UNKNOWN}
    if body.typed_boxes:
        types["boxes"] = _type_of("boxes", typed, types["features"])
    choices = {name: _choice(name, nodes) for name in body.choices}
    return Target(types, opset, max(len(maps_of(node)) for node in nodes), choices)


def _type_of(role: str, typed: Sequence[_TypedNode], default: int) -> int:
    """Return the element type of all features, or boxes, of an operator.

    One of unknown type is taken for the default, or for what the others are: where that is wrong, ONNX
    Runtime refuses the model. It would not with 16-bit ones, as their body has casts.
    """
    operator = OPERATORS[typed[0][0].op_type]
    name = operator.inputs[operator.index(role)].name
    found: dict[int, onnx.NodeProto] = {}
    for node, types in typed:
        values = maps_of(node) if role == "features" else [node.input[operator.index(role)]]
        found.update((types.get(value, UNKNOWN), node) for value in values)
    unknown = found.pop(UNKNOWN, None)
    if unknown is not None and not {default, *found} <= {FLOAT, DOUBLE}:
        raise PortableError(
            f"{describe(unknown)}: {name}: expected a known element type next to 16-bit ones, got none"
        )
    if len(found) > 1:
        uses = " and ".join(
            f"{TensorProto.DataType.Name(x_type)} at {describe(node)}" for x_type, node in found.items()
        )
        raise PortableError(f"{name}: expected one element type at all nodes of an operator, got {uses}")
    return next(iter(found), default)


def _choice(name: str, nodes: Sequence[onnx.NodeProto]) -> str:
    found = {arguments_of(node)[name]: node for node in reversed(nodes)}
    if len(found) > 1:
        uses = " and ".join(f"{choice!r} at {describe(node)}" for choice, node in reversed(found.items()))
        raise PortableError(
            f"{name}: expected one for all nodes of an operator, got {uses}: a function body cannot choose"
        )
    return str(next(iter(found)))
