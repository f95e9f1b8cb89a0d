"""Repair aligned poolers that were exported below opset 16, where RoiAlign cannot say so."""

from __future__ import annotations

import onnx_ir as ir

from roiops.export.upgrader.graph.nodes import is_op, is_ours, name_of, readers
from roiops.export.upgrader.graph.scopes import all_nodes
from roiops.export.upgrader.report import REPAIRED, WARNING
from roiops.export.upgrader.rewrites.context import Context, Pass
from roiops.export.upgrader.rewrites.paddle import RepairPaddle, is_paddle
from roiops.export.upgrader.rewrites.standard import FIRST_WITH_MODES, set_aligned


class RepairAligned(Pass):
    """Set ``aligned`` on nodes that came from opset 10 to 15; without a choice, warn about likely victims.

    torchvision's multi-level pooler is never aligned and merges its levels by ScatterElements, so it is right
    at every opset; Detectron2's is aligned by default and exports at opset 11.

    Args:
        context: shared by the passes of one run.
        aligned: whether the exported pooler was aligned, or None to keep what the opset says (not aligned).
    """

    # Nodes that got their counts of boxes from there are Paddle's.
    after = (RepairPaddle,)

    def __init__(self, context: Context, aligned: bool | None = None):
        super().__init__(context)
        self._aligned = aligned

    def rewrite(self, model: ir.Model) -> bool:
        """Look at every node that ReplaceStandard made from an old opset."""
        report, modified = self.context.report, False
        for node in filter(is_ours, all_nodes(model)):
            opset = self.context.from_opset.get(node, FIRST_WITH_MODES)
            if opset >= FIRST_WITH_MODES or is_paddle(node):
                continue
            if node.attributes["batch_format"].as_string() == "boxes_num":
                continue
            if self._aligned is not None:
                set_aligned(self.context, node, self._aligned)
                report.add(name_of(node), "RoiAlign", REPAIRED, f"aligned={self._aligned}")
                modified = True
            elif not _is_torchvision(node):
                reason = (
                    f"opset {opset} cannot express an aligned pooler (Detectron2's default); "
                    "if this was one, choose aligned"
                )
                report.add(name_of(node), "RoiAlign", WARNING, reason)
        return modified


def _is_torchvision(node: ir.Node) -> bool:
    return any(is_op(user, "ScatterElements") for user, _ in readers(node.outputs[0]))
