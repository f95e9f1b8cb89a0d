"""Dead-code elimination."""

from __future__ import annotations

import onnx_ir as ir

from roiops.export.upgrader.graph.liveness import is_needed, release
from roiops.export.upgrader.graph.scopes import owners
from roiops.export.upgrader.rewrites.context import Pass
from roiops.export.upgrader.rewrites.fuse_heads import FuseHeads


class EliminateDeadCode(Pass):
    """Remove the nodes and initializers that the other passes left without a use, and count the nodes.

    What nothing needed in the original model stays: it is not ours to remove.
    """

    after = (FuseHeads,)

    def rewrite(self, model: ir.Model) -> bool:
        """Walk every graph backwards."""
        dead = 0
        for owner in owners(model):
            for graph in [*reversed(list(owner.subgraphs())), owner]:
                dead += sum(self._remove(graph, node) for node in reversed(graph))
        self.context.report.removed += dead
        return dead > 0

    def _remove(self, graph: ir.Graph | ir.Function, node: ir.Node) -> bool:
        if node in self.context.unused or is_needed(node):
            return False
        values = {value for value in node.inputs if value is not None}
        graph.remove(node, safe=True)
        release(node)
        for value in values:
            kept = value.uses() or value.is_graph_input() or value.is_graph_output()
            if value.is_initializer() and not kept and value.graph is not None and value.name:
                del value.graph.initializers[value.name]
        return True
