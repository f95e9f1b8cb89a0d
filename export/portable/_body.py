"""What a function body is, and how one is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import onnx
from onnx import helper

from roiops.export._tracer import DOUBLE, FLOAT, Tracer, Value
from roiops.operators import Operator

# Standard operators cannot raise an error, but reading a row that does not exist fails, and ONNX Runtime's
# message shows the name of the node.
WHEN_BOXES_FAIL = "box_not_finite_or_image_or_level_out_of_range"
WHEN_MASKS_FAIL = "box_not_finite_or_image_size_negative"
WHEN_MAPS_FAIL = "box_not_finite_or_too_large_or_not_one_per_map"


class Target(NamedTuple):
    """What a body is written for: all nodes of its operator in a model."""

    types: Mapping[str, int]  # of features and boxes; of boxes UNKNOWN where the body does not need it
    opset: int
    maps: int  # feature maps
    choices: Mapping[str, str]


@dataclass(frozen=True)
class Body:
    """How the nodes of an operator become portable.

    Attributes:
        write: the body for a target.
        used: parameters that the body makes use of; others must have their defaults.
        choices: of these, those that must be the same at all nodes of a model, because a body does not see
            strings.
        typed_boxes: whether the body must know the element type of the boxes.
    """

    write: Callable[[Target], onnx.FunctionProto]
    used: tuple[str, ...]
    choices: tuple[str, ...] = ()
    typed_boxes: bool = False


def accumulator_of(dtype: int) -> int:
    """Return the type that features of an element type are computed in."""
    return DOUBLE if dtype == DOUBLE else FLOAT


def function(
    t: Tracer, operator: Operator, inputs: Sequence[Value], outputs: Sequence[Value], opset: int
) -> onnx.FunctionProto:
    """Return the nodes traced so far as the operator's body."""
    given, results = [v.name for v in inputs], [v.name for v in outputs]
    attributes = [attribute.name for attribute in operator.attributes]
    imports = [helper.make_opsetid("", opset)]
    return helper.make_function(operator.domain, operator.name, given, results, t.nodes, imports, attributes)


def finite_rows(t: Tracer, boxes: Value) -> Value:
    """Return whether all coordinates of each box are finite, (K, 1); fails where there are not four."""
    return t.op("MatMul", boxes - boxes, t.constant([[1.0]] * 4, boxes.dtype)).equals(0.0)
