"""Models that run without the plugin: the roiops nodes of a model get bodies of standard operators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableSequence
from typing import NamedTuple

import onnx
from onnx import TensorProto, helper, shape_inference, version_converter

from roiops.export._schemas import register_schemas
from roiops.export._tracer import DOUBLE, FLOAT, UNKNOWN
from roiops.export.portable._body import FUNCTIONS
from roiops.export.portable._nodes import (
    PortableError,
    check_inputs,
    describe,
    is_roi_node,
    maps_of,
    portable_nodes,
)
from roiops.operators import DOMAIN, VERSION

_OLDEST_OPSET = 12  # the first in which a Constant can be an attribute of the function
_OLDEST_IR_VERSION = 8  # the first with functions
_STANDARD = ("", "ai.onnx")


def add_function_bodies(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of a model that runs in ONNX Runtime with and without the plugin.

    The operators of domain ``roiops`` get bodies of standard operators as model-local functions, which ONNX
    Runtime uses where the plugin is not registered. Their nodes, also in subgraphs and functions, are
    rewritten to ``batch_format="batch_indices"`` with all attributes written out, as a body sees neither
    defaults nor strings. A model below opset 12 is converted to 12.

    Results equal those of the plugin up to rounding, with one exception: an infinite or NaN pixel spoils all
    bins of the boxes around it. Wrong boxes, batches and levels are errors too, in ONNX Runtime's words.

    Args:
        model: an ONNX model that imports domain ``roiops`` version 1 where it uses it.

    Raises:
        PortableError: a node with mode="max" or a wrong attribute, feature maps of several element types in
            one model, or an opset that cannot be converted.
    """
    if not any(is_roi_node(node) for scope in _scopes(model) for node in scope.nodes):
        return _copy(model)
    model, opset = _with_supported_opset(model)
    scopes = list(_scopes(model))
    nodes = [node for scope in scopes for node in scope.nodes if is_roi_node(node)]
    for node in nodes:
        check_inputs(node)
    x_type = _feature_type(model)
    maps: dict[str, int] = {}  # of the body of each operator
    for node in nodes:
        maps[node.op_type] = max(maps.get(node.op_type, 1), len(maps_of(node)))
    for scope in reversed(scopes):  # inner graphs first: replacing nodes copies the graphs inside them
        _replace(scope.nodes, maps)
    _add_functions(
        model, [FUNCTIONS[name](x_type, opset, maps[name]) for name in FUNCTIONS if name in maps], opset
    )
    return model


class _Scope(NamedTuple):
    nodes: MutableSequence[onnx.NodeProto]
    types: dict[str, int]  # element type of every value known by name


def _scopes(model: onnx.ModelProto) -> Iterator[_Scope]:
    """Yield all lists of nodes, outer ones first; bodies from an earlier call are not among them."""
    yield from _graph_scopes(model.graph, {})
    for function in model.functions:
        if function.domain != DOMAIN:
            yield from _nested_scopes(_Scope(function.node, _element_types(function.value_info)))


def _graph_scopes(graph: onnx.GraphProto, outer: dict[str, int]) -> Iterator[_Scope]:
    types = _element_types([*graph.input, *graph.value_info, *graph.output])
    types.update((tensor.name, tensor.data_type) for tensor in graph.initializer)
    yield from _nested_scopes(_Scope(graph.node, {**outer, **types}))


def _nested_scopes(scope: _Scope) -> Iterator[_Scope]:
    yield scope
    for node in scope.nodes:
        for attribute in node.attribute:
            for graph in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from _graph_scopes(graph, scope.types)


def _element_types(values: Iterable[onnx.ValueInfoProto]) -> dict[str, int]:
    return {value.name: value.type.tensor_type.elem_type for value in values}


def _feature_type(model: onnx.ModelProto) -> int:
    """Return the element type of all feature maps, because an operator can have only one body.

    A map of unknown type is taken for FLOAT, or for what the others are: where that is wrong, ONNX Runtime
    refuses the model. It would not with 16-bit maps, as their body has casts.
    """
    register_schemas()
    found: dict[int, onnx.NodeProto] = {}
    for scope in _scopes(shape_inference.infer_shapes(model)):
        for node in filter(is_roi_node, scope.nodes):
            found.update((scope.types.get(x, UNKNOWN), node) for x in maps_of(node))
    unknown = found.pop(UNKNOWN, None)
    if unknown is not None and not found.keys() <= {FLOAT, DOUBLE}:
        raise PortableError(
            f"{describe(unknown)}: X: expected a known element type next to 16-bit ones, got none"
        )
    if len(found) > 1:
        uses = " and ".join(
            f"{TensorProto.DataType.Name(x_type)} at {describe(n)}" for x_type, n in found.items()
        )
        raise PortableError(f"X: expected one element type in the whole model, got {uses}")
    return next(iter(found), FLOAT)


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def _with_supported_opset(model: onnx.ModelProto) -> tuple[onnx.ModelProto, int]:
    """Return a copy of the model, converted if its opset is too old for function bodies, and its opset."""
    opset = next((entry.version for entry in model.opset_import if entry.domain in _STANDARD), None)
    if opset is None:
        raise PortableError("opset_import: expected a version of the standard operators, got none")
    if opset >= _OLDEST_OPSET:
        return _copy(model), opset
    wanted = f"opset_import: expected opset {_OLDEST_OPSET} or later, got {opset}"
    if model.functions or any(
        onnx.external_data_helper.uses_external_data(t) for t in model.graph.initializer
    ):
        raise PortableError(f"{wanted}, and a model with functions or external data cannot be converted")
    try:
        return version_converter.convert_version(model, _OLDEST_OPSET), _OLDEST_OPSET
    except (RuntimeError, version_converter.ConvertError) as error:
        raise PortableError(f"{wanted}, and the conversion failed: {error}") from error


def _replace(nodes: MutableSequence[onnx.NodeProto], maps: Mapping[str, int]) -> None:
    if not any(map(is_roi_node, nodes)):
        return
    replaced = [
        new
        for node in nodes
        for new in (portable_nodes(node, maps[node.op_type]) if is_roi_node(node) else [node])
    ]
    del nodes[:]
    nodes.extend(replaced)


def _add_functions(model: onnx.ModelProto, bodies: list[onnx.FunctionProto], opset: int) -> None:
    others = [function for function in model.functions if function.domain != DOMAIN]
    for function in others:
        if not any(entry.domain in _STANDARD for entry in function.opset_import):
            function.opset_import.append(helper.make_opsetid("", opset))  # for the nodes put in front of ours
    del model.functions[:]
    model.functions.extend([*others, *bodies])
    if not any(entry.domain == DOMAIN for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid(DOMAIN, VERSION))
    model.ir_version = max(model.ir_version, _OLDEST_IR_VERSION)
