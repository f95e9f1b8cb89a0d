"""Refuse what is not a graph: missing inputs, duplicate names, cycles."""

from __future__ import annotations

import onnx_ir as ir

from roiops.export.upgrader.errors import UpgradeError
from roiops.export.upgrader.graph.nodes import name_of
from roiops.export.upgrader.graph.scopes import Owner, owners, subgraphs
from roiops.export.upgrader.rewrites.context import Pass
from roiops.operators import DOMAIN, VERSION


class Validate(Pass):
    """Check that every value is defined once, before its use, and sort the nodes.

    Raises:
        UpgradeError: naming the node and the value at fault.
    """

    def rewrite(self, model: ir.Model) -> bool:
        """Check every graph and function."""
        version = model.graph.opset_imports.get(DOMAIN, VERSION)
        if version != VERSION:
            raise UpgradeError(
                f"the model imports version {version} of domain {DOMAIN}, this is version {VERSION}"
            )
        for owner in owners(model):
            self._sort(owner)
            graph = owner.graph if isinstance(owner, ir.Function) else owner
            self._check(graph, set(), set())
        return False

    def _sort(self, owner: Owner) -> None:
        try:
            owner.sort()
        except ValueError as error:
            names = ", ".join(name_of(node) for node in cycle(owner))
            raise UpgradeError(f"the graph has a cycle: {names}") from error

    def _check(self, graph: ir.Graph, outer: set[ir.Value], names: set[str]) -> None:
        visible = outer | set(graph.inputs) | set(graph.initializers.values())
        names = names | {value.name for value in visible - outer if value.name}
        for node in graph:
            for value in node.inputs:
                if value is not None and value.name and value not in visible:
                    raise UpgradeError(f"node {name_of(node)}: nothing defines its input {value.name!r}")
            for subgraph in subgraphs(node):
                self._check(subgraph, visible, names)
            for value in node.outputs:
                if value.name in names:
                    raise UpgradeError(f"node {name_of(node)}: its output {value.name!r} is defined twice")
                names |= {value.name} if value.name else set()
            visible.update(node.outputs)
        for value in graph.outputs:
            if value not in visible:
                raise UpgradeError(f"graph {graph.name!r}: nothing defines its output {value.name!r}")


def cycle(owner: Owner) -> list[ir.Node]:
    """Nodes of one cycle, found by following producers among the nodes that a sort cannot place."""
    waiting = {each: set(each.predecessors()) for each in owner.all_nodes()}
    while True:
        ready = [each for each, before in waiting.items() if not before & waiting.keys()]
        if not ready:
            break
        for done in ready:
            del waiting[done]
    path: list[ir.Node] = []
    node: ir.Node | None = next(iter(waiting), None)
    while node is not None and node not in path:
        path.append(node)
        node = next((p for p in node.predecessors() if p in waiting), None)
    return path if node is None else path[path.index(node) :]
