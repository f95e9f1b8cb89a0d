"""The nodes of this project that a model already has."""

from __future__ import annotations

import onnx_ir as ir

from roiops.export.upgrader.graph.attributes import read_attributes
from roiops.export.upgrader.graph.nodes import name_of
from roiops.export.upgrader.graph.scopes import all_nodes
from roiops.export.upgrader.report import PRESENT, WARNING, describe
from roiops.export.upgrader.rewrites.context import Pass
from roiops.export.upgrader.rewrites.validate import Validate
from roiops.operators import DOMAIN, OPERATORS


class Survey(Pass):
    """Report every node of domain roiops that is there before anything is replaced; nothing is changed."""

    after = (Validate,)

    def rewrite(self, model: ir.Model) -> bool:
        """Look at the graph, its subgraphs and the model's functions, but for bodies of our operators."""
        for node in all_nodes(model):
            if node.domain == DOMAIN:
                self._report(node)
        return False

    def _report(self, node: ir.Node) -> None:
        report, operator = self.context.report, OPERATORS.get(node.op_type)
        if operator is None:
            reason = f"this version of {DOMAIN} has no operator {node.op_type}"
            report.add(name_of(node), node.op_type, WARNING, reason)
            return
        try:
            arguments = read_attributes(node, operator)
        except ValueError as error:
            report.add(name_of(node), node.op_type, WARNING, str(error))
            return
        self.context.entries[node] = report.add(
            name_of(node), node.op_type, PRESENT, "", **describe(arguments)
        )
