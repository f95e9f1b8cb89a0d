"""The converted model made one: sorted, its poolers fused, what nothing reads removed."""

from __future__ import annotations

import onnx
import onnx_ir as ir

from roiops.export._portable import add_function_bodies
from roiops.export._upgrade._dead import RemoveDeadPass
from roiops.export._upgrade._errors import name_of
from roiops.export._upgrade._fuse import FuseLevelsPass
from roiops.export._upgrade._report import REPLACED, UpgradeReport
from roiops.export._upgrade._standard import ENTRY, is_ours, parameters
from roiops.export._upgrade._validate import ValidatePass


def fuse(model: onnx.ModelProto, portable: bool) -> tuple[onnx.ModelProto, UpgradeReport]:
    """Fuse the poolers of a model with our nodes in any order, and report what it has."""
    report = UpgradeReport()
    loaded = ir.from_proto(model)
    for node in loaded.graph:
        if is_ours(node):
            node.meta[ENTRY] = report.add(name_of(node), "RoiAlign", REPLACED, "", **parameters(node))
    for run in (ValidatePass(), FuseLevelsPass(report), RemoveDeadPass(report, ()), ValidatePass()):
        run(loaded)
    fused = ir.to_proto(loaded)
    return (add_function_bodies(fused) if portable else fused), report
