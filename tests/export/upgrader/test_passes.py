"""The passes: their order, and what they share."""

from __future__ import annotations

import onnx_ir as ir
import pytest
from pyramids import parse, pyramid

from roiops.export.upgrader.report import UpgradeReport
from roiops.export.upgrader.rewrites.aligned import RepairAligned
from roiops.export.upgrader.rewrites.context import Context
from roiops.export.upgrader.rewrites.dead_code import EliminateDeadCode
from roiops.export.upgrader.rewrites.fuse_heads import FuseHeads
from roiops.export.upgrader.rewrites.fuse_poolers import FusePoolers
from roiops.export.upgrader.rewrites.paddle import RepairPaddle
from roiops.export.upgrader.rewrites.standard import ReplaceStandard
from roiops.export.upgrader.rewrites.survey import Survey
from roiops.export.upgrader.rewrites.validate import Validate

ORDER = [
    Validate,
    Survey,
    ReplaceStandard,
    RepairPaddle,
    RepairAligned,
    FusePoolers,
    FuseHeads,
    EliminateDeadCode,
]


def pooler() -> tuple[ir.Model, Context]:
    model = ir.from_proto(parse(pyramid()))
    return model, Context(model, UpgradeReport())


@pytest.mark.parametrize("skipped", ORDER[:-1])
def test_a_pass_refuses_to_run_before_what_it_needs(skipped):
    model, context = pooler()
    *before, late = ORDER[: ORDER.index(skipped) + 2]
    for needed in before[:-1]:
        needed(context)(model)
    with pytest.raises(
        ir.passes.PreconditionError, match=f"{late.__name__} must run after {skipped.__name__}"
    ):
        late(context)(model)
    assert late not in context.finished


def test_the_order_declared_is_the_order_that_works():
    model, context = pooler()
    for one in ORDER:
        one(context)(model)
    assert context.finished == ORDER and context.report.count("fused") == 4


def test_facts_are_gathered_once_until_the_model_changes():
    model, context = pooler()
    facts = context.facts(model.graph)
    for one in ORDER[:2]:
        one(context)(model)
    assert context.facts(model.graph) is facts
    ReplaceStandard(context)(model)
    assert context.facts(model.graph) is not facts
