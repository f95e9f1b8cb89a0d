"""The last steps of detectors: pasted masks become one PasteMasks, keypoints one HeatmapsToKeypoints."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.graph.emit import Emitter, Names, replace
from roiops.export.upgrader.graph.liveness import release
from roiops.export.upgrader.graph.nodes import is_op, name_of
from roiops.export.upgrader.graph.scopes import owners, subgraphs
from roiops.export.upgrader.heads.grids import match_grid
from roiops.export.upgrader.heads.head import Head, Size
from roiops.export.upgrader.heads.keypoints import match_keypoints
from roiops.export.upgrader.heads.loops import match_rows
from roiops.export.upgrader.heads.masks import match_masks
from roiops.export.upgrader.report import FUSED, LEFT, describe
from roiops.export.upgrader.rewrites.context import Pass
from roiops.export.upgrader.rewrites.fuse_poolers import FusePoolers
from roiops.operators import DOMAIN, HEATMAPS_TO_KEYPOINTS, VERSION


class FuseHeads(Pass):
    """Replace loops that paste masks or read keypoints, and masks sampled by a grid; report look-alikes.

    Two proofs are asked for. By structure, every step of a loop computes one row of the results from one row
    of the inputs, by operators that do not choose by values and by constants that have a place in it. And run
    alone on random inputs, the nodes give what our operator does.
    """

    # Its heads read what poolers give.
    after = (FusePoolers,)

    def rewrite(self, model: ir.Model) -> bool:
        """Fuse in the graph, its subgraphs and the model's functions."""
        names, modified = Names(model), False
        for owner in owners(model):
            ends = [node for node in owner.all_nodes() if _resizes(node) or is_op(node, "GridSample")]
            fused = [self._fuse(node, self.context.facts(owner), owner.opset_imports, names) for node in ends]
            if any(fused):
                owner.opset_imports[DOMAIN] = VERSION
                model.graph.opset_imports[DOMAIN] = VERSION
                modified = True
        return modified

    def _fuse(self, node: ir.Node, facts: Facts, opsets: Mapping[str, int], names: Names) -> bool:
        what = "GridSample" if is_op(node, "GridSample") else "loop that resizes"
        try:
            if is_op(node, "GridSample"):
                head = match_grid(node, facts, opsets)
            else:
                loop = match_rows(node, facts)
                masks = len(loop.initial) == 1
                what = "loop over masks" if masks else "loop over heatmaps"
                head = (match_masks if masks else match_keypoints)(loop, facts, opsets)
        except ValueError as error:
            self.context.report.add(name_of(node), what, LEFT, str(error))
            return False
        emitter = Emitter(names, node.name or "roiops")
        _write(head, emitter)
        for new in emitter.nodes:
            facts.learn(new)
        release(node)
        self.context.report.add(name_of(node), what, FUSED, head.note, **describe(head.arguments))
        return True


def _resizes(node: ir.Node) -> bool:
    return is_op(node, "Loop") and any(
        is_op(inner, "Resize", "Upsample") for graph in subgraphs(node) for inner in graph.all_nodes()
    )


def _write(head: Head, emitter: Emitter) -> None:
    """Put our node, and what prepares its inputs, in the place of the nodes that it stands for."""
    inputs = [value if isinstance(value, ir.Value) else _vector(value, emitter) for value in head.inputs]
    attributes = ir.convenience.convert_attributes(head.operator.write(head.arguments))
    results = list(
        emitter.add(DOMAIN, head.operator.name, inputs, attributes, len(head.operator.outputs)).outputs
    )
    if head.operator is HEATMAPS_TO_KEYPOINTS:
        # (K, P, 3), where the loop gives (K, 3, P) and torchvision transposes that.
        keypoints, results[0] = results[0], emitter.op("Transpose", results[0], perm=[0, 2, 1])
        for node in [use.node for use in head.end.outputs[0].uses() if _swaps(use.node)]:
            ir.convenience.replace_all_uses_with(node.outputs[0], keypoints)
    if is_op(head.end, "GridSample"):
        results[0] = emitter.op("Unsqueeze", results[0], emitter.vector([1]))
    replace(head.end, emitter, *results)


def _swaps(node: ir.Node) -> bool:
    perm = node.attributes.get("perm")
    inside = is_op(node, "Transpose") and not node.outputs[0].is_graph_output()
    return inside and perm is not None and list(perm.as_ints()) == [0, 2, 1]


def _vector(sizes: tuple[Size, ...], emitter: Emitter) -> ir.Value:
    known = [size for size in sizes if isinstance(size, int)]
    if len(known) == len(sizes):
        return emitter.vector(known)
    parts = [
        emitter.vector([size]) if isinstance(size, int) else emitter.op("Reshape", size, emitter.vector([1]))
        for size in sizes
    ]
    return emitter.op("Concat", *parts, axis=0)
