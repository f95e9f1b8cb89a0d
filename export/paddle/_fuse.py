"""The converted model made one: sorted, its poolers fused, what nothing reads removed."""

from __future__ import annotations

from collections.abc import Mapping

import onnx
import onnx_ir as ir

from roiops.export.portable import add_function_bodies
from roiops.export.upgrader.graph.names import name_of
from roiops.export.upgrader.report import REPLACED, UpgradeReport
from roiops.export.upgrader.rewrites.dead_code import RemoveDeadPass
from roiops.export.upgrader.rewrites.fuse_poolers import FuseLevelsPass
from roiops.export.upgrader.rewrites.standard import ENTRY, is_ours, parameters
from roiops.export.upgrader.rewrites.validate import ValidatePass
from roiops.operators import DOMAIN


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
    for node in loaded.graph:
        if is_ours(node):
            node.meta[ENTRY] = report.add(name_of(node), "RoiAlign", REPLACED, "", **parameters(node))
    for run in (ValidatePass(), FuseLevelsPass(report)):
        run(loaded)
    _count_boxes(loaded.graph, counts)
    for run in (RemoveDeadPass(report, ()), ValidatePass()):
        run(loaded)
    fused = ir.to_proto(loaded)
    return (add_function_bodies(fused) if portable else fused), report


def _count_boxes(graph: ir.Graph, counts: Mapping[str, str]) -> None:
    """Fused nodes read the number of boxes per image, which says more of wrong numbers and costs no nodes."""
    values = {value.name: value for value in [*graph.inputs, *(v for node in graph for v in node.outputs)]}
    for node in graph:
        if node.domain == DOMAIN and node.op_type == "MultiScaleRoiAlign" and node.inputs[1].name in counts:
            node.replace_input_with(1, values[counts[node.inputs[1].name]])
            node.attributes["batch_format"] = ir.AttrString("batch_format", "boxes_num")
