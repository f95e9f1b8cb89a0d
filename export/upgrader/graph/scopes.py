"""The graphs of a model: the main one, those inside of nodes, and model-local functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Union

import onnx_ir as ir

Owner = Union[ir.Graph, ir.Function]


def owners(model: ir.Model) -> Iterator[Owner]:
    """The main graph and every model-local function."""
    yield model.graph
    yield from model.functions.values()


def all_nodes(model: ir.Model) -> Iterator[ir.Node]:
    """Every node of the graph, its subgraphs and the model's functions."""
    for owner in owners(model):
        yield from owner.all_nodes()


def opset_of(owner: Owner) -> int:
    """The version of the standard operators that ``owner`` imports; 0 if it imports none."""
    return owner.opset_imports.get("", owner.opset_imports.get("ai.onnx", 0))


def subgraphs(node: ir.Node) -> Iterator[ir.Graph]:
    """The bodies of an If, Loop or Scan."""
    for attribute in node.attributes.values():
        if attribute.is_ref():
            continue
        if attribute.type == ir.AttributeType.GRAPH:
            yield attribute.as_graph()
        elif attribute.type == ir.AttributeType.GRAPHS:
            yield from attribute.as_graphs()
