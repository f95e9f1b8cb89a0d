"""Repair aligned poolers that were exported below opset 16, where RoiAlign cannot say so."""

from __future__ import annotations

import onnx_ir as ir

from roiops.export.upgrader.graph.names import name_of
from roiops.export.upgrader.report import REPAIRED, WARNING, UpgradeReport
from roiops.export.upgrader.rewrites.paddle import is_paddle
from roiops.export.upgrader.rewrites.standard import FIRST_WITH_MODES, FROM_OPSET, is_ours, set_aligned
from roiops.export.upgrader.rewrites.validate import owners


class RepairAlignedPass(ir.passes.InPlacePass):
    """Set ``aligned`` on nodes that came from opset 10 to 15; without a choice, warn about likely victims.

    torchvision's multi-level pooler is never aligned and merges its levels by ScatterElements, so it is right
    at every opset; Detectron2's is aligned by default and exports at opset 11.

    Args:
        report: receives one entry per node concerned.
        aligned: whether the exported pooler was aligned, or None to keep what the opset says (not aligned).
    """

    def __init__(self, report: UpgradeReport, aligned: bool | None = None):
        self._report = report
        self._aligned = aligned

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Look at every node that ReplaceStandardPass made from an old opset."""
        modified = False
        for node in (node for owner in owners(model) for node in owner.all_nodes()):
            old = is_ours(node) and node.meta.get(FROM_OPSET, FIRST_WITH_MODES) < FIRST_WITH_MODES
            if not old or is_paddle(node) or node.attributes["batch_format"].as_string() == "boxes_num":
                continue
            if self._aligned is not None:
                set_aligned(node, self._aligned)
                self._report.add(name_of(node), "RoiAlign", REPAIRED, f"aligned={self._aligned}")
                modified = True
            elif not _is_torchvision(node):
                reason = (
                    f"opset {node.meta[FROM_OPSET]} cannot express an aligned pooler (Detectron2's default); "
                    "if this was one, choose aligned"
                )
                self._report.add(name_of(node), "RoiAlign", WARNING, reason)
        return ir.passes.PassResult(model, modified)


def _is_torchvision(node: ir.Node) -> bool:
    users = [use.node for use in node.outputs[0].uses()]
    while len(users) == 1 and users[0].op_type in ("Cast", "Identity"):
        users = [use.node for use in users[0].outputs[0].uses()]
    return any(user.domain == "" and user.op_type == "ScatterElements" for user in users)
