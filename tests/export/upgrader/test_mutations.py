"""Poolers with random damage: whatever the original still computes, the upgraded model computes too."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import numpy as np
import onnx
import pytest
from pyramids import feeds, operators, parse, pyramid
from support import session

from roiops.export import UpgradeError, upgrade

MERGES = [("nd", "levels"), ("elements", "levels"), ("restore", "levels"), ("restore", "order")]


def damage(model: onnx.ModelProto, random: np.random.Generator) -> None:
    """Rewire an input, change an attribute, or change a constant."""
    graph = model.graph
    kind = random.integers(4)
    node = graph.node[random.integers(len(graph.node))]
    if kind <= 1:
        earlier = [output for n in graph.node for output in n.output] + [v.name for v in graph.input]
        earlier += [tensor.name for tensor in graph.initializer]
        if kind == 1:  # the same value of another level: the likeliest to pass unnoticed
            slot = random.integers(len(node.input))
            earlier = [name for name in earlier if name[:-1] == node.input[slot][:-1]] or earlier
            node.input[slot] = str(random.choice(earlier))
        else:
            node.input[random.integers(len(node.input))] = str(random.choice(earlier))
    elif kind == 2:
        # Not the axis of Concat: ONNX Runtime joins an empty tensor along any and leaves a gap uninitialised.
        attributes = [
            a for a in node.attribute if a.type == onnx.AttributeProto.INT and node.op_type != "Concat"
        ]
        if attributes:
            attribute = attributes[random.integers(len(attributes))]
            attribute.i = int(random.integers(-1, 4))
    else:
        tensor = graph.initializer[random.integers(len(graph.initializer))]
        array = onnx.numpy_helper.to_array(tensor).copy()
        array.flat[random.integers(array.size)] = random.integers(-1, 4)
        tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))


def check(model: onnx.ModelProto, seen: Counter[str]) -> None:
    """Compare a model with its upgrade, and count what there was to compare."""
    try:
        original = session(model, plugin=False)
    except Exception:  # no valid model any more: the upgrade may refuse it, with its own error only
        seen["invalid"] += 1
        with suppress(UpgradeError):
            upgrade(model)
        return
    upgraded, _ = upgrade(model)
    replacement = session(upgraded)
    fused = "roiops::MultiScaleRoiAlign" in operators(upgraded)
    for levels in ((0, 1, 2), (0,), (-1, 0, 1, 2, 3)):
        arrays = feeds(model, levels)
        try:
            expected = original.run(None, arrays)[0]
        except Exception:
            seen["original fails"] += 1
            continue
        found = replacement.run(None, arrays)[0]
        assert found.shape == expected.shape
        assert np.abs(found - expected).max(initial=0) <= 1e-5 * np.abs(expected).max(initial=1e-9)
        seen["fused" if fused else "not fused"] += 1


@pytest.mark.parametrize(("merge", "counted"), MERGES)
def test_damaged_poolers(merge, counted):
    """And the damage is worth it: both poolers that still fuse and those that no longer do are compared."""
    seen: Counter[str] = Counter()
    for seed in range(100):
        random = np.random.default_rng(seed)
        model = parse(pyramid(merge, counted=counted))
        for _ in range(random.integers(1, 3)):
            damage(model, random)
        try:
            check(model, seen)
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error
    assert min(seen["fused"], seen["not fused"]) >= 20, seen
