"""Reading and writing models of any of the accepted kinds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Union

import onnx
import onnx_ir as ir

from roiops.export.upgrader.errors import UpgradeError

ModelLike = Union[onnx.ModelProto, ir.Model, str, "os.PathLike[str]"]
# Tensors of at least this many bytes go to the data file of a model that had one.
_EXTERNAL_BYTES = 1024


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
    if not os.path.isfile(path):
        raise UpgradeError(f"{path}: there is no such file")
    return _checked(ir.load, path, f"{path}: ")


def _checked(read, source, prefix: str) -> ir.Model:
    try:
        loaded = read(source)
    except Exception as error:  # onnx and onnx-ir raise many kinds on bytes that are no model
        raise UpgradeError(f"{prefix}not a readable ONNX model: {_root(error)}") from error
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
    """Return the model with bodies of standard operators for those of this project."""
    from roiops.export import add_function_bodies

    ir.external_data.load_to_model(model)
    return ir.from_proto(add_function_bodies(ir.to_proto(model)))


def save(model: ir.Model | onnx.ModelProto, path: str | os.PathLike[str], external: bool) -> None:
    """Write a model; ``external`` puts its weights into PATH.data next to it."""
    if isinstance(model, onnx.ModelProto):
        model = ir.from_proto(model)
    name = Path(path).name + ".data" if external else None
    ir.save(model, path, external_data=name, size_threshold_bytes=_EXTERNAL_BYTES)


def has_external_data(path: str | os.PathLike[str]) -> bool:
    """Whether the model in a file keeps weights in other files."""
    tensors = (value.const_value for value in ir.load(path).graph.initializers.values())
    return any(isinstance(tensor, ir.ExternalTensor) for tensor in tensors)
