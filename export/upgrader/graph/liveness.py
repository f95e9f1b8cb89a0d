"""Which nodes anything needs."""

from __future__ import annotations

from collections.abc import Iterable

import onnx_ir as ir

from roiops.export.upgrader.graph.scopes import all_nodes, subgraphs

_NONE: frozenset[ir.Node] = frozenset()


def is_needed(node: ir.Node, gone: Iterable[ir.Node] = _NONE) -> bool:
    """Whether an output of ``node`` is one of its graph, or is read by a node that is not in ``gone``."""
    return any(
        value.is_graph_output() or any(use.node not in gone for use in value.uses()) for value in node.outputs
    )


def would_die(node: ir.Node) -> set[ir.Node]:
    """The nodes that nothing needs any more once nothing needs the outputs of ``node``, itself included."""
    gone = {node}
    waiting = [node]
    while waiting:
        for producer in waiting.pop().predecessors():
            if producer not in gone and not is_needed(producer, gone):
                gone.add(producer)
                waiting.append(producer)
    return gone


def unused_nodes(model: ir.Model) -> set[ir.Node]:
    """The nodes that nothing needs."""
    return {node for node in all_nodes(model) if not is_needed(node)}


def release(node: ir.Node) -> None:
    """Let the bodies of a node that is in no graph any more read nothing from outside of them."""
    for graph in subgraphs(node):
        for inner in graph.all_nodes():
            for index in range(len(inner.inputs)):
                inner.replace_input_with(index, None)
