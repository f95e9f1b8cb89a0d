"""Level rules as area thresholds: from which area on a box belongs to the next feature map."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

_BOXES, _LEVELS = "boxes", "levels"
_INFINITY = int(np.float32(np.inf).view(np.int32))


@torch.compiler.assume_constant_result  # so that strict exports need not trace it
def level_boundaries(make_level_nodes: Callable, maps: int, **rule: float) -> tuple[float, ...]:
    """Return the smallest area, in float32, of the boxes of every level but the finest; inf if none has it.

    Comparing with them takes a few nodes in any exporter, and gives what the rule gives. Its logarithm would
    take more, and exporters write logarithms to base 2 such that some powers of two become fractions.

    Args:
        make_level_nodes: one of the ``make_..._level_nodes`` of ``roiops.export``.
        maps: number of levels.
        rule: keyword arguments of ``make_level_nodes``.
    """
    return _bisect(make_level_nodes, maps, tuple(rule.items()))


@lru_cache(maxsize=64)
def _bisect(make_level_nodes: Callable, maps: int, rule: tuple[tuple[str, float], ...]) -> tuple[float, ...]:
    rule_model = ReferenceEvaluator(_model(make_level_nodes(_BOXES, _LEVELS, **dict(rule))))
    wanted = np.arange(1, maps)
    # Bisection over the bits of non-negative floats, which are ordered as the floats are. Sums of two do
    # not fit the 32 bits that NumPy's integers may have under Windows.
    below, reached = np.full(maps - 1, -1, np.int64), np.full(maps - 1, _INFINITY, np.int64)
    while (reached - below > 1).any():
        middle = (below + reached) // 2
        is_reached = _levels_of(middle.astype(np.int32).view(np.float32), rule_model) >= wanted
        below, reached = np.where(is_reached, below, middle), np.where(is_reached, middle, reached)
    return tuple(reached.astype(np.int32).view(np.float32).tolist())


def _levels_of(area: np.ndarray, rule_model: ReferenceEvaluator) -> np.ndarray:
    boxes = np.zeros((len(area), 4), np.float32)
    boxes[:, 2], boxes[:, 3] = area, 1
    with np.errstate(divide="ignore"):
        results: Any = rule_model.run(None, {_BOXES: boxes})
    return np.asarray(results[0])


def _model(nodes: list) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "levels",
        [helper.make_tensor_value_info(_BOXES, TensorProto.FLOAT, ["K", 4])],
        [helper.make_tensor_value_info(_LEVELS, TensorProto.INT64, ["K"])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
