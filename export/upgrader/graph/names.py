"""The error of this package, and how nodes are called in its messages."""

from __future__ import annotations

import onnx_ir as ir


class UpgradeError(ValueError):
    """A model that cannot be read or is not a valid graph; the message names the file and the node."""


def name_of(node: ir.Node) -> str:
    """Name a node for a person: its own name, or its operator and first output."""
    if node.name:
        return node.name
    return f"{node.op_type} -> {node.outputs[0].name}" if node.outputs else node.op_type
