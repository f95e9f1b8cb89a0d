"""The nodes of this project that a model already has."""

from __future__ import annotations

import onnx_ir as ir

from roiops.export.upgrader.graph.attributes import read_attributes
from roiops.export.upgrader.graph.nodes import is_op, name_of
from roiops.export.upgrader.graph.scopes import Owner, opset_of, owners
from roiops.export.upgrader.report import PRESENT, WARNING, describe
from roiops.export.upgrader.rewrites.context import Pass
from roiops.export.upgrader.rewrites.validate import Validate
from roiops.operators import DOMAIN, OPERATORS
from roiops.operators.mmdeploy import MMCV, MMDEPLOY

_WITHOUT_CPU_KERNEL = 22


class Survey(Pass):
    """Report every node of domain roiops that is there before anything is replaced; nothing is changed."""

    after = (Validate,)

    def rewrite(self, model: ir.Model) -> bool:
        """Look at the graph, its subgraphs and the model's functions, but for bodies of our operators."""
        bodies = {function.name for function in model.functions.values() if function.domain == DOMAIN}
        own = [node for owner in owners(model) if not _is_body(owner) for node in owner.all_nodes()]
        ours = [node for node in own if node.domain == DOMAIN]
        for node in ours:
            self._report(node)
        new = opset_of(model.graph) >= _WITHOUT_CPU_KERNEL and any(is_op(node, "RoiAlign") for node in own)
        theirs = any(node.domain in (MMDEPLOY, MMCV) for node in own)
        self.context.report.library = _library({node.op_type for node in ours}, bodies, new, theirs)
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


def _is_body(owner: Owner) -> bool:
    return isinstance(owner, ir.Function) and owner.domain == DOMAIN


def _library(ours: set[str], bodies: set[str], new: bool, theirs: bool) -> str:
    """What a session needs to run the model as it is."""
    if theirs:
        more = ", override_standard=True" if new else ""
        return f"as it is, a session needs roiops.register(options, mmdeploy=True{more})"
    if new:
        return (
            "as it is, ONNX Runtime's CPU has no RoiAlign of opset 22 and newer; "
            "roiops.register(options, override_standard=True) has"
        )
    if not ours:
        return ""
    if ours <= bodies:
        return "as it is, none is needed: function bodies are embedded; faster with roiops.register(options)"
    return "as it is, a session needs roiops.register(options)"
