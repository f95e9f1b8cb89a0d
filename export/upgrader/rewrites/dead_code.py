"""Nodes that nothing needs."""

from __future__ import annotations

from collections.abc import Iterable

import onnx_ir as ir

from roiops.export.upgrader.report import UpgradeReport
from roiops.export.upgrader.rewrites.validate import owners


def _needed(node: ir.Node, gone: set[ir.Node]) -> bool:
    return any(
        value.is_graph_output() or any(use.node not in gone for use in value.uses()) for value in node.outputs
    )


def would_die(node: ir.Node) -> set[ir.Node]:
    """The nodes that nothing needs any more once nothing needs the outputs of ``node``, itself included."""
    gone = {node}
    waiting = [node]
    while waiting:
        for producer in waiting.pop().predecessors():
            if producer not in gone and not _needed(producer, gone):
                gone.add(producer)
                waiting.append(producer)
    return gone


class RemoveDeadPass(ir.passes.InPlacePass):
    """Remove the nodes and initializers that the other passes left without a use.

    Args:
        report: its ``removed`` grows by the number of nodes.
        keep: nodes that nothing needed in the original model; they are not ours to remove.
    """

    def __init__(self, report: UpgradeReport, keep: Iterable[ir.Node]):
        self._report = report
        self._keep = set(keep)

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Walk every graph backwards."""
        before = self._report.removed
        for owner in owners(model):
            for graph in [*reversed(list(owner.subgraphs())), owner]:
                dead = [node for node in reversed(graph) if self._remove(graph, node)]
                self._report.removed += len(dead)
        return ir.passes.PassResult(model, self._report.removed > before)

    def _remove(self, graph: ir.Graph | ir.Function, node: ir.Node) -> bool:
        if node in self._keep or _needed(node, set()):
            return False
        values = set(node.inputs)
        graph.remove(node, safe=True)
        for value in values:
            if (
                value is not None
                and value.is_initializer()
                and not value.uses()
                and not value.is_graph_input()
            ):
                if not value.is_graph_output() and value.graph is not None:
                    del value.graph.initializers[value.name]
        return True


def unused_nodes(model: ir.Model) -> list[ir.Node]:
    """The nodes that nothing needs."""
    return [node for owner in owners(model) for node in owner.all_nodes() if not _needed(node, set())]
