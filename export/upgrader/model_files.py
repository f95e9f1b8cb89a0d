"""Reading and writing models of any of the accepted kinds; weights in other files are not read."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Union

import onnx
import onnx_ir as ir

from roiops.export.upgrader.errors import UpgradeError
from roiops.export.upgrader.weights import check_weights, detached

ModelLike = Union[onnx.ModelProto, ir.Model, str, "os.PathLike[str]"]


def load(model: ModelLike) -> ir.Model:
    """Read a model, or copy one, so that the caller's stays as it is.

    Raises:
        UpgradeError: naming the file, if it is missing, or is not an ONNX model.
    """
    if isinstance(model, ir.Model):
        return model.clone()
    if isinstance(model, onnx.ModelProto):
        return _checked(ir.from_proto, model, "")
    path = os.fspath(model)
    if not os.path.exists(path):
        raise UpgradeError(f"{path}: there is no such file")
    if not os.path.isfile(path):
        raise UpgradeError(f"{path}: not a file; name the .onnx file itself")
    loaded = _checked(ir.load, path, f"{path}: ")
    check_weights(loaded, path)
    return loaded


def _checked(read: Callable[[Any], ir.Model], source: object, prefix: str) -> ir.Model:
    try:
        loaded = read(source)
    except Exception as error:  # onnx and onnx-ir raise many kinds on bytes that are no model
        reason = " ".join(str(_root(error)).split())
        raise UpgradeError(f"{prefix}not a readable ONNX model (or cut off): {reason}") from error
    if not loaded.graph.opset_imports:
        raise UpgradeError(f"{prefix}not an ONNX model: it imports no operators")
    return loaded


def _root(error: BaseException) -> BaseException:
    """The first of a chain of errors: the one that names the node."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def convert(model: ir.Model, like: ModelLike) -> onnx.ModelProto | ir.Model:
    """Return an ir.Model for an ir.Model, else a ModelProto that holds all of its data."""
    if isinstance(like, ir.Model):
        return model
    if not isinstance(like, onnx.ModelProto):
        ir.external_data.load_to_model(model)
    return ir.to_proto(model)


def with_function_bodies(model: ir.Model) -> ir.Model:
    """Return the model with bodies of standard operators for those of this project.

    Raises:
        PortableError: if they cannot express it.
    """
    from roiops.export.portable import add_function_bodies

    with detached(model) as (small, reattach):
        return reattach(ir.from_proto(add_function_bodies(ir.to_proto(small))))
