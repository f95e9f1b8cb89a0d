"""Clusters of RoiAligns that share boxes and levels become one MultiScaleRoiAlign."""

from __future__ import annotations

import onnx_ir as ir

from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.facts.ranks import required_ranks
from roiops.export.upgrader.graph.emit import Emitter, Names
from roiops.export.upgrader.graph.names import name_of
from roiops.export.upgrader.poolers.merge import ends, match
from roiops.export.upgrader.poolers.pooler import Cluster
from roiops.export.upgrader.report import FUSED, LEFT, UpgradeReport
from roiops.export.upgrader.rewrites.standard import ENTRY, is_ours, is_standard
from roiops.export.upgrader.rewrites.validate import owners


class FuseLevelsPass(ir.passes.InPlacePass):
    """Fuse every cluster that provably is one pooled pyramid, and report the others with the reason.

    A cluster counts as proven when, on every input that the original accepts,

    - all levels pool the same boxes with the same size, ratio, aligned and mode;
    - level l takes the rows where ``levels`` equals its constant, and writes exactly those rows;
    - what it writes into is zero and has one row per box, or a restoring Gather puts the rows in box order.

    A box whose level is none of the constants keeps its row of zeros: it is moved outside of the maps.
    The fused operator itself refuses maps that disagree in batch size or channels.

    Args:
        report: receives one entry per cluster; the entries of its RoiAligns become "fused".
    """

    def __init__(self, report: UpgradeReport):
        self._report = report

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Fuse in the graph, its subgraphs and the model's functions."""
        names = Names(model)
        fused = False
        for owner in owners(model):
            pools = [node for node in owner.all_nodes() if is_ours(node) or is_standard(node)]
            if not pools:
                continue
            facts = Facts(owner, required_ranks(pools, Facts(owner)))
            found = {pool: ends(pool, facts) for pool in pools}
            for end in dict.fromkeys(end for merged in found.values() for end in merged):
                fused |= self._fuse(end, facts, names)
            for pool, merged in found.items():
                if not merged and len(pool.inputs) > 1 and pool.inputs[1] in facts.selections:
                    reason = "boxes of one level, but no merge of the levels was found"
                    self._report.add(name_of(pool), "cluster", LEFT, reason)
        return ir.passes.PassResult(model, fused)

    def _fuse(self, end: ir.Node, facts: Facts, names: Names) -> bool:
        what = "cluster"
        emitter = Emitter(names, end.name or "roiops")
        try:
            merge = match(end, facts)
            what = f"cluster of {len(merge.parts)} levels"
            cluster = Cluster(merge, facts)
            result = cluster.write(emitter)
        except ValueError as error:
            self._report.add(name_of(end), what, LEFT, str(error))
            return False
        self._note(cluster, what)
        ir.convenience.replace_nodes_and_values(
            end.graph, end, [end], emitter.nodes, [end.outputs[0]], [result]
        )
        return True

    def _note(self, cluster: Cluster, what: str) -> None:
        end = name_of(cluster.merge.end)
        for part in cluster.merge.parts:
            entry = part.node.meta.get(ENTRY)
            if entry is not None:
                entry.action, entry.reason = FUSED, f"into {end}"
        self._report.add(end, what, FUSED, "", **cluster.parameters())
