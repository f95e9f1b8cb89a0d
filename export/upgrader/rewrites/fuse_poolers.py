"""Multi-level poolers: RoiAligns that share boxes and levels become one MultiScaleRoiAlign."""

from __future__ import annotations

import onnx_ir as ir

from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.graph.emit import Emitter, Names, replace
from roiops.export.upgrader.graph.nodes import is_roi_align, name_of
from roiops.export.upgrader.graph.scopes import owners
from roiops.export.upgrader.poolers.merge import ends, match
from roiops.export.upgrader.poolers.pooler import Pooler
from roiops.export.upgrader.report import FUSED, LEFT, describe
from roiops.export.upgrader.rewrites.aligned import RepairAligned
from roiops.export.upgrader.rewrites.context import Pass
from roiops.export.upgrader.rewrites.write_pooler import write_pooler


class FusePoolers(Pass):
    """Fuse every pooler that provably is one pooled pyramid, and report the others with the reason.

    A pooler counts as proven when, on every input that the original accepts,

    - all levels pool the same boxes with the same size, ratio, aligned and mode;
    - level l takes the rows where ``levels`` equals its constant, and writes exactly those rows;
    - what it writes into is zero and has one row per box, or a restoring Gather puts the rows in box order.

    A box whose level is none of the constants keeps its row of zeros: it is moved outside of the maps.
    The fused operator itself refuses maps that disagree in batch size or channels.
    """

    # What they repair is told apart by level before it is fused.
    after = (RepairAligned,)

    def rewrite(self, model: ir.Model) -> bool:
        """Fuse in the graph, its subgraphs and the model's functions."""
        names = Names(model)
        fused = False
        for owner in owners(model):
            single = [node for node in owner.all_nodes() if is_roi_align(node) and node.outputs]
            if not single:
                continue
            facts = self.context.facts(owner)
            found = {node: ends(node, facts) for node in single}
            for end in dict.fromkeys(end for merged in found.values() for end in merged):
                fused |= self._fuse(end, facts, names)
            for node, merged in found.items():
                if not merged and len(node.inputs) > 1 and node.inputs[1] in facts.selections:
                    reason = "boxes of one level, but no merge of the levels was found"
                    self.context.report.add(name_of(node), "pooler", LEFT, reason)
        return fused

    def _fuse(self, end: ir.Node, facts: Facts, names: Names) -> bool:
        what = "pooler"
        emitter = Emitter(names, end.name or "roiops")
        try:
            merge = match(end, facts)
            what = f"pooler of {len(merge.parts)} levels"
            pooler = Pooler(merge, facts)
            result = write_pooler(pooler, emitter)
        except ValueError as error:
            self.context.report.add(name_of(end), what, LEFT, str(error))
            return False
        self._note(pooler, what)
        replace(end, emitter, result)
        for node in emitter.nodes:
            facts.learn(node)
        return True

    def _note(self, pooler: Pooler, what: str) -> None:
        end = name_of(pooler.merge.end)
        for part in pooler.parts:
            entry = self.context.entries.get(part.node)
            if entry is not None:
                entry.action, entry.reason = FUSED, f"into {end}"
        self.context.report.add(end, what, FUSED, "", **describe(pooler.arguments))
