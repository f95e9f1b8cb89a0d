"""The lists of nodes of a model, and what is known of the values in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSequence
from typing import NamedTuple

import onnx

from roiops.operators import DOMAIN


class Scope(NamedTuple):
    """A graph or function."""

    nodes: MutableSequence[onnx.NodeProto]
    types: dict[str, int]  # element type of every value known by name


def scopes(model: onnx.ModelProto) -> Iterator[Scope]:
    """Yield all lists of nodes, outer ones first; bodies from an earlier call are not among them."""
    yield from _graph_scopes(model.graph, {})
    for function in model.functions:
        if function.domain != DOMAIN:
            yield from _nested_scopes(Scope(function.node, _element_types(function.value_info)))


def _graph_scopes(graph: onnx.GraphProto, outer: dict[str, int]) -> Iterator[Scope]:
    types = _element_types([*graph.input, *graph.value_info, *graph.output])
    types.update((tensor.name, tensor.data_type) for tensor in graph.initializer)
    yield from _nested_scopes(Scope(graph.node, {**outer, **types}))


def _nested_scopes(scope: Scope) -> Iterator[Scope]:
    yield scope
    for node in scope.nodes:
        for attribute in node.attribute:
            for graph in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from _graph_scopes(graph, scope.types)


def _element_types(values: Iterable[onnx.ValueInfoProto]) -> dict[str, int]:
    return {value.name: value.type.tensor_type.elem_type for value in values}
