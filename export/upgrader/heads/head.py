"""A last step of a detector, proven to be what one of our operators computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union

import onnx_ir as ir

from roiops.operators import Operator

# A size: constant, or a value of one element.
Size = Union[int, ir.Value]


@dataclass(frozen=True)
class Head:
    """What to put in the place of a node.

    Attributes:
        end: the node whose outputs it computes.
        operator: ours.
        inputs: of ours; sizes stand for a vector of them.
        arguments: what ours is told.
        note: what the user should know; may be empty.
    """

    end: ir.Node
    operator: Operator
    inputs: tuple[ir.Value | tuple[Size, ...], ...]
    arguments: Mapping[str, Any]
    note: str = ""
