"""What a node is, how it is called in messages, and the values around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import onnx_ir as ir

from roiops.operators import DOMAIN, MULTI_SCALE_ROI_ALIGN, ROI_ALIGN, ROI_ALIGN_ROTATED, Operator

if TYPE_CHECKING:
    from typing_extensions import TypeGuard

# Nodes that hand on every element as it is, up to its type.
UNCHANGED = ("Cast", "Identity")

_SINGLE_LEVEL = {operator.name: operator for operator in (ROI_ALIGN, ROI_ALIGN_ROTATED)}


def name_of(node: ir.Node) -> str:
    """Name a node for a person: its own name, or its operator and first output."""
    if node.name:
        return node.name
    return f"{node.op_type} -> {node.outputs[0].name}" if node.outputs else node.op_type


def is_op(node: ir.Node | None, *op_types: str) -> TypeGuard[ir.Node]:
    """Whether a node is one of these standard operators."""
    return node is not None and node.domain == "" and node.op_type in op_types


def is_ours(node: ir.Node | None) -> TypeGuard[ir.Node]:
    """Whether a node is the single-level RoiAlign of this project."""
    return node is not None and node.domain == DOMAIN and node.op_type == ROI_ALIGN.name


def single_level(node: ir.Node | None) -> Operator | None:
    """The operator of this project that a node is, if it pools the boxes of one feature map."""
    return _SINGLE_LEVEL.get(node.op_type) if node is not None and node.domain == DOMAIN else None


def is_multi_scale(node: ir.Node | None) -> TypeGuard[ir.Node]:
    """Whether a node is the multi-level RoiAlign of this project."""
    return node is not None and node.domain == DOMAIN and node.op_type == MULTI_SCALE_ROI_ALIGN.name


def is_roi_align(node: ir.Node | None) -> TypeGuard[ir.Node]:
    """Whether a node is a single-level RoiAlign, the standard's or one of this project's."""
    return is_op(node, "RoiAlign") or single_level(node) is not None


def required(node: ir.Node, index: int) -> ir.Value:
    """An input that the operator always has; ValueError where a malformed node leaves it out."""
    value = node.inputs[index] if index < len(node.inputs) else None
    if value is None:
        raise ValueError(f"{name_of(node)} lacks its input {index}")
    return value


def origin(value: ir.Value, passing: tuple[str, ...] = UNCHANGED) -> ir.Value:
    """The value that ``value`` is, seen through nodes of the kinds ``passing``."""
    node = value.producer()
    while is_op(node, *passing) and node.inputs and node.inputs[0] is not None:
        value = node.inputs[0]
        node = value.producer()
    return value


def readers(value: ir.Value, passing: tuple[str, ...] = UNCHANGED) -> Iterator[tuple[ir.Node, int]]:
    """The nodes that read ``value``, each with its input, seen through nodes of the kinds ``passing``."""
    waiting = [value]
    while waiting:
        for use in waiting.pop().uses():
            if is_op(use.node, *passing) and use.idx == 0:
                waiting.extend(use.node.outputs[:1])
            else:
                yield use.node, use.idx
