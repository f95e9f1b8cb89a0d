"""Attributes and constants of nodes, read strictly: a wrong type or a reference is a ValueError."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx_ir as ir

from roiops.operators import Operator

# Nothing that decides a rewrite (axes, shapes, level numbers) is larger; weights stay on disk.
LARGEST_CONSTANT = 4096
LARGEST_EXTERNAL = 64


def tensor_of(value: ir.Value | None) -> ir.TensorProtocol | None:
    """The tensor of an initializer that no caller can override, or of a Constant node."""
    if value is None or value.is_graph_input():
        return None
    return ir.convenience.get_const_tensor(value)


def is_weight(tensor: ir.TensorProtocol) -> bool:
    """Whether a tensor lies in another file, where its elements stay unread."""
    return isinstance(tensor, ir.ExternalTensor) and tensor.size > LARGEST_EXTERNAL


def constant(value: ir.Value | None) -> np.ndarray | None:
    """The array of a small constant, or None."""
    tensor = tensor_of(value)
    if tensor is None or is_weight(tensor) or tensor.size > LARGEST_CONSTANT:
        return None
    if tensor.dtype == ir.DataType.STRING:
        return None
    return tensor.numpy()


def scalar(value: ir.Value | None) -> np.generic | None:
    """The only element of a constant with one element and at most one dimension, or None."""
    array = constant(value)
    return array.reshape(-1)[0] if array is not None and array.size == 1 and array.ndim <= 1 else None


def _attribute(node: ir.Node, name: str, kind: ir.AttributeType) -> ir.Attr | None:
    attribute = node.attributes.get(name)
    if attribute is None:
        return None
    if attribute.is_ref():
        raise ValueError(f"attribute {name} refers to an attribute of the enclosing function")
    if attribute.type != kind:
        raise ValueError(f"attribute {name} is {attribute.type.name}, wanted {kind.name}")
    return attribute


def get_int(node: ir.Node, name: str, default: int) -> int:
    """An INT attribute."""
    attribute = _attribute(node, name, ir.AttributeType.INT)
    return default if attribute is None else attribute.as_int()


def get_float(node: ir.Node, name: str, default: float) -> float:
    """A FLOAT attribute."""
    attribute = _attribute(node, name, ir.AttributeType.FLOAT)
    return default if attribute is None else attribute.as_float()


def get_ints(node: ir.Node, name: str) -> list[int] | None:
    """An INTS attribute, None where it is absent."""
    attribute = _attribute(node, name, ir.AttributeType.INTS)
    return None if attribute is None else list(attribute.as_ints())


def get_string(node: ir.Node, name: str, default: str) -> str:
    """A STRING attribute."""
    attribute = _attribute(node, name, ir.AttributeType.STRING)
    return default if attribute is None else attribute.as_string()


def read_attributes(node: ir.Node, operator: Operator) -> dict[str, Any]:
    """What one of our nodes is told, checked, by the names of its parameters.

    Raises:
        ValueError: an attribute that is wrong or refers to one of the enclosing function.
    """
    for attribute in node.attributes.values():
        if attribute.is_ref():
            raise ValueError(f"{attribute.name} is not a constant")
    return operator.read({a.name: (a.type.name, a.value) for a in node.attributes.values()})


def write_attributes(node: ir.Node, operator: Operator, arguments: Mapping[str, Any]) -> None:
    """Give one of our nodes all of its attributes, from checked arguments."""
    node.attributes.clear()
    for name, value in operator.write(arguments).items():
        node.attributes[name] = ir.convenience.convert_attribute(name, value)
