"""The weights that a model keeps in other files: checked, set aside, and copied from file to file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO

import onnx_ir as ir

from roiops.export.upgrader.errors import UpgradeError
from roiops.export.upgrader.graph.scopes import all_nodes, owners

if TYPE_CHECKING:
    from typing_extensions import TypeGuard

# As ONNX asks of data files that are to be mapped into memory.
_ALIGNMENT = 4096
_BUFFER = 1 << 24
# Together with these, a model no longer fits into one file of protobuf's 2 GB.
_LARGEST_INLINE = 1 << 30
_SMALL = 1024

Progress = Callable[[int, int], None]


def initializers(model: ir.Model) -> Iterator[ir.Value]:
    """The initializers of every graph."""
    for owner in owners(model):
        for graph in [owner, *owner.subgraphs()]:
            if isinstance(graph, ir.Graph):
                yield from graph.initializers.values()


def external_tensors(model: ir.Model) -> Iterator[ir.ExternalTensor]:
    """The tensors that lie in other files."""
    for value in initializers(model):
        if isinstance(value.const_value, ir.ExternalTensor):
            yield value.const_value
    for node in all_nodes(model):
        for attribute in node.attributes.values():
            if attribute.type == ir.AttributeType.TENSOR and isinstance(attribute.value, ir.ExternalTensor):
                yield attribute.value


def check_weights(model: ir.Model, path: str) -> None:
    """Refuse data files that are missing, too short, or elsewhere than with the model.

    Raises:
        UpgradeError: naming both files.
    """
    folder = Path(path).resolve().parent
    sizes: dict[str, int] = {}
    for tensor in external_tensors(model):
        data = os.fspath(tensor.path)
        if data not in sizes:
            if folder not in Path(data).resolve().parents:
                raise UpgradeError(f"{path}: its weights {data} are outside of the folder of the model")
            if not os.path.isfile(data):
                raise UpgradeError(
                    f"{path}: its weights are missing: there is no file {data}; copy it next to the model"
                )
            sizes[data] = os.path.getsize(data)
        needed = (tensor.offset or 0) + _length(tensor)
        if needed > sizes[data]:
            raise UpgradeError(
                f"{path}: its weights {data} are cut off: {sizes[data]} bytes, at least {needed} needed"
            )


def _length(tensor: ir.ExternalTensor) -> int:
    return tensor.nbytes if tensor.length is None else tensor.length


@contextmanager
def detached(model: ir.Model) -> Iterator[tuple[ir.Model, Callable[[ir.Model], ir.Model]]]:
    """Set large initializers aside while a model takes the way through protobuf, which holds 2 GB.

    They become references to nothing. Yields the model and a function that puts them into another one.
    """
    large = any(True for _ in external_tensors(model)) or _bytes(model) > _LARGEST_INLINE
    aside = {
        value.name: (value, value.const_value)
        for value in initializers(model)
        if large and value.const_value is not None and value.const_value.nbytes >= _SMALL
    }
    for name, (value, tensor) in aside.items():
        value.const_value = ir.ExternalTensor(
            "aside",
            0,
            tensor.nbytes,
            tensor.dtype,
            shape=ir.Shape(tensor.shape.numpy()),
            name=name or "",
        )

    def reattach(other: ir.Model) -> ir.Model:
        for value in initializers(other):
            if value.name in aside:
                value.const_value = aside[value.name][1]
        return other

    try:
        yield model, reattach
    finally:
        for value, tensor in aside.values():
            value.const_value = tensor


def _bytes(model: ir.Model) -> int:
    return sum(value.const_value.nbytes for value in initializers(model) if value.const_value is not None)


def save(
    model: ir.Model, path: str | os.PathLike[str], *, share: bool = False, progress: Progress | None = None
) -> None:
    """Write a model, whole or not at all; weights that lie in other files are copied to PATH.data.

    Args:
        model: the model; it is not changed.
        path: where to.
        share: refer to the original data files instead of copying them.
        progress: called with the bytes copied and all bytes.

    Raises:
        UpgradeError: ``share`` where the original files are not in or below the folder of ``path``.
        OSError: something cannot be written.
    """
    path = Path(path)
    data = path.with_name(path.name + ".data")
    parts = {"model": _beside(path), "data": _beside(data)}
    moved = _shared(model, path) if share else None
    try:
        if moved is None:
            moved = _copy(model, parts["data"], data.name, progress or (lambda done, total: None))
        with _replaced(model, moved):
            parts["model"].write_bytes(ir.to_proto(model).SerializeToString())
        if parts["data"].exists():
            os.replace(parts["data"], data)
        os.replace(parts["model"], path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


_Moved = dict[int, ir.ExternalTensor]  # by id of the tensor that it stands for


def _shared(model: ir.Model, path: Path) -> _Moved:
    folder, moved = path.resolve().parent, {}
    for tensor in external_tensors(model):
        source = Path(tensor.path).resolve()
        if folder not in source.parents:
            raise UpgradeError(
                f"{path}: cannot share the weights {source}: they must lie in the folder of the new model or "
                "below it, as ONNX Runtime reads no others"
            )
        moved[id(tensor)] = _reference(tensor, _location(source, folder), tensor.offset or 0)
    return moved


def _location(source: PurePath, folder: PurePath) -> str:
    """A data file as models of all systems name it."""
    return source.relative_to(folder).as_posix()


def _copy(model: ir.Model, part: Path, name: str, progress: Progress) -> _Moved:
    tensors = {id(tensor): tensor for tensor in external_tensors(model)}
    inline: dict[int, ir.TensorProtocol] = {}
    if _bytes(model) - sum(map(_length, tensors.values())) > _LARGEST_INLINE:
        stored = (value.const_value for value in initializers(model))
        inline = {id(tensor): tensor for tensor in stored if _is_large(tensor)}
    if not tensors and not inline:
        return {}
    total = sum(t.nbytes for t in [*tensors.values(), *inline.values()])
    moved: _Moved = {}
    placed: dict[tuple[str, int, int], int] = {}
    with open(part, "wb") as file:
        for key, tensor in {**tensors, **inline}.items():
            region = (str(getattr(tensor, "path", key)), getattr(tensor, "offset", 0) or 0, tensor.nbytes)
            if region not in placed:
                file.seek(-file.tell() % _ALIGNMENT, os.SEEK_CUR)
                placed[region] = file.tell()
                if isinstance(tensor, ir.ExternalTensor):
                    _copy_region(tensor.path, region[1], _length(tensor), file)
                elif hasattr(tensor, "tofile"):
                    tensor.tofile(file)
                else:
                    file.write(tensor.tobytes())
                progress(file.tell(), max(total, file.tell()))
            moved[key] = _reference(tensor, name, placed[region])
    return moved


def _is_large(tensor: ir.TensorProtocol | None) -> TypeGuard[ir.TensorProtocol]:
    return (
        tensor is not None
        and not isinstance(tensor, ir.ExternalTensor)
        and tensor.dtype != ir.DataType.STRING
        and tensor.nbytes >= _SMALL
    )


def _copy_region(path: str, offset: int, length: int, out: BinaryIO) -> None:
    with open(path, "rb") as source:
        source.seek(offset)
        while length > 0:
            read = source.read(min(length, _BUFFER))
            if not read:
                raise OSError(f"{path}: the file ended while it was copied")
            out.write(read)
            length -= len(read)


def _reference(tensor: ir.TensorProtocol, location: str, offset: int) -> ir.ExternalTensor:
    length = _length(tensor) if isinstance(tensor, ir.ExternalTensor) else tensor.nbytes
    return ir.ExternalTensor(
        location,
        offset,
        length,
        tensor.dtype,
        shape=ir.Shape(tensor.shape.numpy()),
        name=tensor.name or "",
    )


@contextmanager
def _replaced(model: ir.Model, moved: _Moved) -> Iterator[None]:
    """Let the model refer to the moved tensors while it is written."""
    values = [(v, v.const_value) for v in initializers(model) if id(v.const_value) in moved]
    attributes = [
        (node, a) for node in all_nodes(model) for a in node.attributes.values() if id(a.value) in moved
    ]
    for value, tensor in values:
        value.const_value = moved[id(tensor)]
    for node, attribute in attributes:
        node.attributes[attribute.name] = ir.AttrTensor(attribute.name, moved[id(attribute.value)])
    try:
        yield
    finally:
        for value, tensor in values:
            value.const_value = tensor
        for node, attribute in attributes:
            node.attributes[attribute.name] = attribute
