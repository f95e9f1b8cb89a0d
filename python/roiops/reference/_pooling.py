"""What the oracles that pool boxes of feature maps share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from roiops import _checks
from roiops.operators import Operator


def image_of_each_box(batch: np.ndarray, batch_format: str, images: int) -> np.ndarray:
    """Return (K,) the index of the image of each box."""
    return np.repeat(np.arange(images), batch) if batch_format == "boxes_num" else batch


def pool_pyramid(
    operator: Operator,
    pool: Callable[..., np.ndarray],
    values: Mapping[str, Any],
    arguments: Mapping[str, Any],
) -> np.ndarray:
    """Pool every box from the feature map that ``levels`` names, as `pool` does from one map.

    Args:
        operator: the operator on a pyramid.
        pool: the oracle of the operator on one map, with the same parameters but for ``spatial_scale``.
        values: its inputs by their names in Python.
        arguments: its checked arguments.

    Returns:
        (K, C, height, width) in float64, in the order of the boxes.
    """
    inputs = _checks.inputs(operator, values, arguments)
    maps, boxes, levels = inputs["X"], inputs["boxes"], inputs["levels"]
    images = image_of_each_box(inputs["batch"], arguments["batch_format"], len(maps[0]))
    how = {name: value for name, value in arguments.items() if name != "spatial_scales"}
    how["batch_format"] = "batch_indices"
    y = np.zeros((len(boxes), maps[0].shape[1], *arguments["output_size"]))
    for level, (x, scale) in enumerate(zip(maps, arguments["spatial_scales"])):
        here = levels == level
        y[here] = pool(x, boxes[here], images[here], spatial_scale=scale, **how)
    return y
