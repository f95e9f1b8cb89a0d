"""The original, with the repairs that were asked for: what an upgraded model is compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace

import onnx
import onnx_ir as ir

from roiops.export.upgrader.model_files import ModelLike, load, with_function_bodies
from roiops.export.upgrader.report import UpgradeReport
from roiops.export.upgrader.rewrites.pipeline import Choices, repair
from roiops.export.upgrader.verify.sessions import Runnable


@dataclass(frozen=True)
class Reference:
    """A model to compare with.

    Attributes:
        model: it, or its file.
        what: what it is, for messages.
        library: whether it needs the library.
        note: what the user should know; may be empty.
    """

    model: Runnable
    what: str = "the original model"
    library: bool = True
    note: str = ""


def reference(original: ModelLike, loaded: ir.Model, choices: Choices) -> Reference:
    """Return the original, or, where repairs were asked for, itself with them and not fused.

    No opset below 16 can express an aligned RoiAlign, so the repaired nodes run as functions of other
    standard operators, without the library. Mode max of interpolated samples has no such function.

    Args:
        original: the model as given.
        loaded: the same, loaded; it is not changed.
        choices: the repairs.
    """
    if replace(choices, mmdeploy_standard=False) == Choices():
        return Reference(loaded if isinstance(original, onnx.ModelProto) else original)
    repaired = load(original)
    repair(repaired, choices, UpgradeReport())
    what = "the original model with the repairs"
    if choices.max_interpolated:
        return Reference(
            repaired,
            what,
            note="max_interpolated: both models take the maximum by roiops; fusing is compared",
        )
    return Reference(with_function_bodies(repaired), what, library=False)
