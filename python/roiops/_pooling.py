"""What the NumPy functions that pool boxes have in common."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from roiops import _checks, _session
from roiops._arrays import boxes_and_batch
from roiops.operators import OPERATORS, Operator


def pool(
    operator: Operator,
    values: Mapping[str, Any],
    boxes_num: Any,
    batch_indices: Any,
    name: str | None,
    **arguments: Any,
) -> np.ndarray:
    """Pool boxes by an operator of one output, given their images in any form that users have.

    Args:
        operator: the operator, with a parameter ``batch_format``.
        values: features, boxes and perhaps levels by the names of the operator's inputs in Python.
        boxes_num: boxes of each image, or None.
        batch_indices: image of each box, or None.
        name: what Paddle's signatures have; not used.
        arguments: the operator's arguments but for ``batch_format``.

    Returns:
        (K, C, height, width).

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    if not isinstance(name, (str, type(None))):
        raise TypeError(f"name: expected a str or None, got {type(name).__name__}")
    _, columns = cast("tuple[str, int]", operator.inputs[operator.index("boxes")].shape)
    features = operator.inputs[operator.index("features")]
    images = _images(values[features.argument], features.variadic)
    boxes, batch, batch_format, batch_name = boxes_and_batch(
        values["boxes"], boxes_num, batch_indices, images, columns
    )
    checked = _checked(operator, batch_format=batch_format, **arguments)
    inputs = _checks.inputs(operator, {**values, "boxes": boxes, "batch": batch}, checked, batch_name)
    x = inputs[features.name][0] if features.variadic else inputs[features.name]
    size = math.prod((len(boxes), x.shape[1], *checked["output_size"])) * x.itemsize
    if size > sys.maxsize:
        raise ValueError(f"output_size: a result of {size} bytes cannot be addressed")
    return _session.run(operator, inputs, checked)[0]


def _checked(operator: Operator, **arguments: Any) -> Mapping[str, Any]:
    """Check arguments, once for each set of them: on few boxes that is a fifth of a call."""
    if type(arguments["output_size"]) is not int:  # (7, 7) and (7.0, 7.0) would be one key
        return operator.check(**arguments)
    try:
        return _checked_once(operator.name, **arguments)
    except TypeError:  # a wrong argument, or one without a hash
        return operator.check(**arguments)


@lru_cache(maxsize=256, typed=True)
def _checked_once(operator: str, **arguments: Any) -> Mapping[str, Any]:
    return MappingProxyType(OPERATORS[operator].check(**arguments))


def _images(x: Any, variadic: bool) -> int | None:
    """Return how many images features have, if they have any form that tells."""
    if variadic:
        x = x[0] if isinstance(x, Sequence) and x else None
    return len(x) if getattr(x, "ndim", isinstance(x, Sequence)) else None
