"""Export Paddle models through paddle2onnx, with roi_align and distribute_fpn_proposals converted by us."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx

from roiops import _values
from roiops.export.paddle._convert import PaddleExportError, convert
from roiops.export.paddle._fuse import fuse
from roiops.export.paddle._versions import check_packages
from roiops.export.upgrader import UpgradeError, UpgradeReport

if TYPE_CHECKING:
    import paddle

__all__ = ["PaddleExportError", "export"]

_OLDEST_OPSET, _NEWEST_OPSET = 14, 19
_SUFFIXES = (".json", ".pdmodel")


def export(
    model: paddle.nn.Layer | str | os.PathLike[str],
    input_spec: list[Any] | None = None,
    *,
    opset_version: int = 17,
    portable: bool = False,
) -> tuple[onnx.ModelProto, UpgradeReport]:
    """Export a Paddle layer or saved inference model, in its inference mode.

    Everything but ``roi_align`` and ``distribute_fpn_proposals`` is converted by paddle2onnx, in a process of
    its own; these two are taken out of the program before and put back as our nodes, each with its own
    attributes and number of boxes per image. Levels that are pooled, joined and restored to the order of the
    boxes become one ``roiops.MultiScaleRoiAlign``.

    Args:
        model: a ``paddle.nn.Layer``; or the path of a saved model, PREFIX or PREFIX.json or PREFIX.pdmodel,
            beside PREFIX.pdiparams if it has parameters.
        input_spec: for a layer, what ``paddle.jit.save`` takes: an ``InputSpec`` or a tensor per input.
        opset_version: of the standard operators, 14 to 19; paddle2onnx may choose a newer one.
        portable: add function bodies of standard operators, so that the model also runs without roiops.

    Returns:
        The model, its inputs and outputs named by paddle2onnx, and a report of its RoI operators.

    Raises:
        ImportError: Paddle or paddle2onnx is missing or too old.
        TypeError, ValueError: a wrong argument; the message starts with its name.
        FileNotFoundError: there is no saved model.
        PaddleExportError: the saved model cannot be read or converted; the message names it.
        PortableError: if function bodies cannot express it.
    """
    check_packages()
    opset = _values.integer(opset_version, "opset_version", _OLDEST_OPSET, _NEWEST_OPSET)
    if isinstance(model, (str, os.PathLike)):
        if input_spec is not None:
            raise TypeError("input_spec: expected None for a saved model, which has its inputs")
        saved = _saved_model(Path(model))
        return _export(saved, opset, portable, f"{saved}: ")
    with tempfile.TemporaryDirectory() as folder:
        return _export(_save(model, input_spec, Path(folder) / "layer"), opset, portable, "")


def _export(saved: Path, opset: int, portable: bool, prefix: str) -> tuple[onnx.ModelProto, UpgradeReport]:
    try:
        return fuse(*convert(saved, opset), portable)
    except PaddleExportError as error:
        raise PaddleExportError(f"{prefix}{error}") from error
    except UpgradeError as error:
        raise PaddleExportError(
            f"{prefix}paddle2onnx made an incomplete graph; wanted a parameter file that fits: {error}"
        ) from error


def _saved_model(path: Path) -> Path:
    candidates = [path] if path.suffix in _SUFFIXES else [Path(f"{path}{suffix}") for suffix in _SUFFIXES]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f"model: expected a saved Paddle model, found no {' or '.join(map(str, candidates))}"
    )


def _save(layer: paddle.nn.Layer, input_spec: list[Any] | None, prefix: Path) -> Path:
    import paddle

    if not isinstance(layer, paddle.nn.Layer):
        raise TypeError(f"model: expected a paddle.nn.Layer or a path, got {type(layer).__name__}")
    training = [part for part in layer.sublayers(include_self=True) if part.training]
    layer.eval()
    try:
        paddle.jit.save(layer, str(prefix), input_spec=input_spec)
    finally:
        for part in training:
            part.training = True
    return _saved_model(prefix)
