"""The two public functions: ``upgrade`` and ``inspect``."""

from __future__ import annotations

import os

import onnx
import onnx_ir as ir

from roiops.export.upgrader.errors import UpgradeError
from roiops.export.upgrader.model_files import ModelLike, convert, load, with_function_bodies
from roiops.export.upgrader.report import UpgradeReport
from roiops.export.upgrader.rewrites.float16 import ConvertToFloat16
from roiops.export.upgrader.rewrites.pipeline import Choices, rewrite
from roiops.export.upgrader.weights import Progress, save


def upgrade(
    model: ModelLike,
    *,
    paddle_aligned: bool | None = None,
    aligned: bool | None = None,
    portable: bool = False,
    max_interpolated: bool = False,
    mmdeploy_standard: bool = False,
    float16: bool = False,
    verify: bool = False,
) -> tuple[onnx.ModelProto | ir.Model, UpgradeReport]:
    """Make the RoIAligns of an exported detector roiops operators, and fuse its multi-level poolers.

    Every standard RoiAlign of opset 10 to 25 in average mode becomes ``roiops.RoiAlign``; every group of
    them that provably pools one pyramid becomes one ``roiops.MultiScaleRoiAlign``. What cannot be proven
    stays, and the report says why. Names of inputs and outputs stay. Nodes of mmdeploy and mmcv become ours
    where they are rotated or upright RoIAligns or rotated suppression.

    Args:
        model: an ``onnx.ModelProto``, an ``onnx_ir.Model`` or the path of a file; it is not changed.
        paddle_aligned: for exports of Paddle2ONNX, the ``aligned`` of the Paddle layer: sets it, and takes
            the number of boxes per image from the input that the export left unused.
        aligned: for exports at opset 10 to 15, whether the pooler was aligned (Detectron2's default), which
            those opsets cannot say.
        portable: add function bodies of standard operators, so that the model also runs without roiops.
        max_interpolated: also replace nodes of mode "max", whose standard meaning (maximum of weighted
            corners) then changes to the maximum of interpolated samples.
        mmdeploy_standard: also replace nodes of mmdeploy and mmcv that standard operators can do (GridSample,
            DeformConv), where the installed ONNX Runtime gives what our kernels give.
        float16: compute layers, poolers and what stands between them in float16, which is what GPUs are fast
            at; boxes, inputs and outputs stay float32.
        verify: run both models on generated inputs and record a verdict per output in the report;
            with repairs, the original is run with them.

    Returns:
        The upgraded model and the report; an ``onnx_ir.Model`` if one was given, else an ``onnx.ModelProto``.

    Raises:
        UpgradeError: if the model cannot be read or is no valid graph, or if ``verify`` cannot run it.
        PortableError: if function bodies cannot express it.
    """
    choices = Choices(paddle_aligned, aligned, max_interpolated, mmdeploy_standard)
    upgraded, report = _run(model, choices, float16)
    if portable:
        upgraded = with_function_bodies(upgraded)
    if verify:
        from roiops.export.upgrader.verify import verify as compare

        report.verification = compare(model, upgraded, choices=choices)
    return convert(upgraded, model), report


def upgrade_file(
    model: str | os.PathLike[str],
    out: str | os.PathLike[str],
    choices: Choices,
    *,
    portable: bool = False,
    float16: bool = False,
    share_weights: bool = False,
    progress: Progress | None = None,
) -> UpgradeReport:
    """Upgrade a model from file to file; weights in other files are copied, not read.

    Args:
        model: the file of a model.
        out: where the upgraded model goes, its external weights to ``out`` with ".data" added.
        choices: what the model cannot say.
        portable: add function bodies.
        float16: as in `upgrade`.
        share_weights: refer to the original data files instead of copying them.
        progress: called with the bytes of weights copied so far and in all.

    Raises:
        UpgradeError, PortableError: as `upgrade`, or if the weights cannot be shared.
        OSError: something cannot be written.
    """
    upgraded, report = _run(model, choices, float16)
    if portable:
        upgraded = with_function_bodies(upgraded)
    save(upgraded, out, share=share_weights, progress=progress)
    return report


def inspect(model: ModelLike) -> UpgradeReport:
    """Report what ``upgrade`` would do to a model, with warnings for known-wrong exports.

    Args:
        model: an ``onnx.ModelProto``, an ``onnx_ir.Model`` or the path of a file; it is not changed.

    Raises:
        UpgradeError: if the model cannot be read, or is no valid graph.
    """
    report = _run(model, Choices())[1]
    report.planned = True
    return report


def _run(model: ModelLike, choices: Choices, float16: bool = False) -> tuple[ir.Model, UpgradeReport]:
    """Load a model, or copy it, and run the passes on it."""
    loaded, report = load(model), UpgradeReport()
    try:
        rewrite(loaded, choices, report, *([ConvertToFloat16] if float16 else []))
    except UpgradeError as error:
        raise UpgradeError(f"{_file(model)}{error}") from error
    return loaded, report


def _file(model: ModelLike) -> str:
    return "" if isinstance(model, (onnx.ModelProto, ir.Model)) else f"{os.fspath(model)}: "
