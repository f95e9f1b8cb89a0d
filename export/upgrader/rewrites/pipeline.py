"""All passes in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import onnx_ir as ir

from roiops.export.upgrader.report import UpgradeReport
from roiops.export.upgrader.rewrites.aligned import RepairAligned
from roiops.export.upgrader.rewrites.context import Context, Pass
from roiops.export.upgrader.rewrites.dead_code import EliminateDeadCode
from roiops.export.upgrader.rewrites.fuse_heads import FuseHeads
from roiops.export.upgrader.rewrites.fuse_poolers import FusePoolers
from roiops.export.upgrader.rewrites.max_roi_pool import ReplaceMaxRoiPool
from roiops.export.upgrader.rewrites.mmdeploy import ReplaceMmdeploy
from roiops.export.upgrader.rewrites.paddle import RepairPaddle
from roiops.export.upgrader.rewrites.standard import ReplaceStandard
from roiops.export.upgrader.rewrites.survey import Survey
from roiops.export.upgrader.rewrites.validate import Validate


@dataclass(frozen=True)
class Choices:
    """What a model cannot say and the caller may; see ``upgrade``."""

    paddle_aligned: bool | None = None
    aligned: bool | None = None
    max_interpolated: bool = False
    mmdeploy_standard: bool = False


def repair(model: ir.Model, choices: Choices, report: UpgradeReport) -> Context:
    """Run the passes that replace and repair single nodes.

    Raises:
        UpgradeError: the model is no valid graph.
    """
    context = Context(model, report)
    for run in (
        Validate(context),
        Survey(context),
        ReplaceStandard(context, choices.max_interpolated),
        RepairPaddle(context, choices.paddle_aligned),
        RepairAligned(context, choices.aligned),
    ):
        run(model)
    return context


def rewrite(
    model: ir.Model, choices: Choices, report: UpgradeReport, *extra: Callable[[Context], Pass]
) -> None:
    """Run all passes on a model.

    Args:
        model: it is changed.
        choices: the caller's.
        report: receives what was found and done.
        extra: more passes, which run once poolers are fused.

    Raises:
        UpgradeError: the model is no valid graph.
    """
    context = repair(model, choices, report)
    later = (*(more(context) for more in extra), EliminateDeadCode(context), Validate(context))
    replaced = (ReplaceMaxRoiPool(context), ReplaceMmdeploy(context, choices.mmdeploy_standard))
    for run in (*replaced, FusePoolers(context), FuseHeads(context), *later):
        run(model)
