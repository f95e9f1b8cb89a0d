"""The converted model made one: sorted, its poolers fused, what nothing reads removed."""

from __future__ import annotations

from collections.abc import Mapping

import onnx
import onnx_ir as ir

from roiops.export.portable import add_function_bodies
from roiops.export.upgrader.graph.attributes import read_attributes, write_attributes
from roiops.export.upgrader.graph.nodes import is_multi_scale, required
from roiops.export.upgrader.report import PRESENT, REPLACED, UpgradeReport
from roiops.export.upgrader.rewrites.context import Context, Pass
from roiops.export.upgrader.rewrites.fuse_poolers import FusePoolers
from roiops.export.upgrader.rewrites.pipeline import Choices, rewrite
from roiops.operators import DOMAIN, MULTI_SCALE_ROI_ALIGN


def fuse(
    model: onnx.ModelProto, counts: Mapping[str, str], portable: bool
) -> tuple[onnx.ModelProto, UpgradeReport]:
    """Fuse the poolers of a model with our nodes in any order, and report what it has.

    Args:
        model: the model; it is not changed.
        counts: RoiNodes.counts.
        portable: add function bodies.
    """
    report = UpgradeReport()
    loaded = ir.from_proto(model)
    rewrite(loaded, Choices(), report, lambda context: _ReadCounts(context, counts))
    for entry in report:
        if entry.action == PRESENT:
            entry.action = REPLACED
    _in_program_order(report, model)
    fused = ir.to_proto(loaded)
    return (add_function_bodies(fused) if portable else fused), report


def _in_program_order(report: UpgradeReport, model: onnx.ModelProto) -> None:
    """Put entries of single nodes in the order of the program, which passes lose; poolers come last."""
    ours = [node.name for node in model.graph.node if node.domain == DOMAIN]
    order = {name: index for index, name in enumerate(ours)}
    report.entries.sort(key=lambda entry: order.get(entry.name, len(ours)))


class _ReadCounts(Pass):
    """Fused nodes read the number of boxes per image, which says more of wrong numbers and costs no nodes."""

    after = (FusePoolers,)

    def __init__(self, context: Context, counts: Mapping[str, str]):
        super().__init__(context)
        self._counts = counts

    def rewrite(self, model: ir.Model) -> bool:
        self.context.unused.clear()  # what the conversion left unused is not the user's
        graph, modified = model.graph, False
        values = {
            value.name: value for value in [*graph.inputs, *(v for node in graph for v in node.outputs)]
        }
        for node in filter(is_multi_scale, graph):
            count = self._counts.get(required(node, 1).name or "")
            if count is not None:
                arguments = read_attributes(node, MULTI_SCALE_ROI_ALIGN)
                node.replace_input_with(1, values[count])
                write_attributes(node, MULTI_SCALE_ROI_ALIGN, {**arguments, "batch_format": "boxes_num"})
                modified = True
        return modified
