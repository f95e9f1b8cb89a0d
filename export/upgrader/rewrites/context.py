"""What the passes of one run share, and the order that they insist on."""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.graph.liveness import unused_nodes
from roiops.export.upgrader.graph.scopes import Owner
from roiops.export.upgrader.report import Entry, UpgradeReport


class Context:
    """The state of one run over one model.

    Attributes:
        report: what the passes found and did.
        finished: the passes that have run.
        from_opset: the opset of the standard RoiAlign that a node of ours was.
        entries: the entry of a node in the report.
        unused: nodes that nothing needed in the original model; they are not ours to remove.
    """

    def __init__(self, model: ir.Model, report: UpgradeReport):
        self.report = report
        self.finished: list[type[Pass]] = []
        self.from_opset: dict[ir.Node, int] = {}
        self.entries: dict[ir.Node, Entry] = {}
        self.unused = unused_nodes(model)
        self._facts: dict[Owner, Facts] = {}

    def facts(self, owner: Owner) -> Facts:
        """The facts of a graph or function, gathered once until a pass changes the model."""
        if owner not in self._facts:
            self._facts[owner] = Facts(owner)
        return self._facts[owner]

    def forget_facts(self) -> None:
        """The model has changed."""
        self._facts.clear()


class Pass(ir.passes.InPlacePass):
    """A pass over one model; ``after`` names the passes that must have run before it.

    Args:
        context: shared by the passes of one run.
    """

    after: ClassVar[tuple[type[Pass], ...]] = ()

    def __init__(self, context: Context):
        self.context = context

    def requires(self, model: ir.Model) -> None:
        """Refuse to run too early."""
        missing = [before.__name__ for before in self.after if before not in self.context.finished]
        if missing:
            raise ir.passes.PreconditionError(f"{type(self).__name__} must run after {', '.join(missing)}")

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Run once; facts gathered before a change are forgotten."""
        modified = self.rewrite(model)
        if modified:
            self.context.forget_facts()
        self.context.finished.append(type(self))
        return ir.passes.PassResult(model, modified)

    def rewrite(self, model: ir.Model) -> bool:
        """Change the model in place; return whether anything changed."""
        raise NotImplementedError
