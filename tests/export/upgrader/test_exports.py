"""Graphs that real exporters wrote (tests/interop/make_graphs.py): fused to one node, same results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from pyramids import operators
from support import ORT_VERSION, session

from roiops.export import inspect, upgrade

GRAPHS = Path(__file__).parent / "graphs"
POOLERS = sorted(path.stem for path in GRAPHS.glob("[td]*.onnx"))
# The dynamo exporter wrote the example's box count into this one.
FROZEN = "torchvision_dynamo18_images2"
IMAGE = (192, 256)
SCATTERS = {"ScatterND", "ScatterElements"}


def load(name: str) -> onnx.ModelProto:
    return onnx.load(GRAPHS / f"{name}.onnx")


def boxes(count: int, random: np.random.Generator, one_level: bool) -> np.ndarray:
    sides = np.full((count, 2), 40.0) if one_level else 2.0 ** random.uniform(3, 7, (count, 2))
    corner = random.uniform(0, 100, (count, 2))
    return np.hstack([corner, corner + sides]).astype(np.float32)


def inputs(model: onnx.ModelProto, count: int, one_level: bool = False) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    arrays = {}
    for image, value in enumerate(model.graph.input):
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        if len(shape) == 4:
            arrays[value.name] = random.standard_normal(shape).astype(np.float32)
        else:
            # Different counts per image; a static graph keeps its own.
            number = shape[0] or (count + image if count else 0)
            arrays[value.name] = boxes(number, random, one_level)
    return arrays


def runnable(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model at an opset for which ONNX Runtime has a CPU RoiAlign; the rest means the same."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.opset_import[0].version = min(copy.opset_import[0].version, 21)
    return copy


@pytest.mark.parametrize("name", [name for name in POOLERS if name != FROZEN])
def test_pooler_becomes_one_node(name):
    model = load(name)
    upgraded, report = upgrade(model)
    found = operators(upgraded)
    assert found["roiops::MultiScaleRoiAlign"] == 1
    assert not {"RoiAlign", "roiops::RoiAlign", "NonZero"} & set(found) and not SCATTERS & set(found)
    assert report.count("fused") == 5 and report.count("left alone") == 0
    assert [value.name for value in upgraded.graph.output] == ["pooled"]
    if model.opset_import[0].version > 21 and ORT_VERSION < (1, 20):
        pytest.skip("this onnxruntime ends at opset 21")
    original, replacement = session(runnable(model), plugin=False), session(upgraded)
    for arrays in (
        inputs(model, 12),
        inputs(model, 0),
        inputs(model, 30, one_level=True),
        inputs(model, 300),
    ):
        expected, pooled = original.run(None, arrays)[0], replacement.run(None, arrays)[0]
        assert pooled.shape == expected.shape
        assert np.abs(pooled - expected).max(initial=0) <= 1e-5 * np.abs(expected).max(initial=1e-9)


@pytest.mark.parametrize("name", [name for name in POOLERS if name != FROZEN])
def test_boxes_turned_inside_out(name):
    """Their level is the logarithm of a negative number: the original leaves them zero."""
    model = runnable(load(name))
    arrays = inputs(model, 12)
    arrays["boxes0"][3, 2] = arrays["boxes0"][3, 0] - 9
    arrays["boxes0"][5] = np.nan
    expected = session(model, plugin=False).run(None, arrays)[0]
    pooled = session(upgrade(model)[0]).run(None, arrays)[0]
    np.testing.assert_allclose(pooled, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_frozen_box_count_stays():
    """The export merges into 25 rows, whatever the boxes: fusing would change the shape for other counts."""
    model = load(FROZEN)
    upgraded, report = upgrade(model)
    assert operators(upgraded)["roiops::RoiAlign"] == 4
    assert "zeros of another length: 25 against" in next(
        e.reason for e in report if e.what.startswith("pooler")
    )


def test_portable_pooler_runs_without_the_library():
    model = load("torchvision_ts16_images2")
    portable, _ = upgrade(model, portable=True)
    arrays = inputs(model, 9)
    expected = session(model, plugin=False).run(None, arrays)[0]
    for plugin in (False, True):
        pooled = session(portable, plugin=plugin).run(None, arrays)[0]
        np.testing.assert_allclose(pooled, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", POOLERS)
def test_verify(name):
    if load(name).opset_import[0].version > 21 and ORT_VERSION < (1, 20):
        pytest.skip("this onnxruntime ends at opset 21")
    if name == FROZEN:
        pytest.skip("the original only runs with as many boxes as were exported")
    _, report = upgrade(GRAPHS / f"{name}.onnx", verify=True)
    (verdict,) = report.verification.verdicts
    assert verdict.verdict == "equal"
    difference, magnitude = verdict.difference, verdict.magnitude
    assert magnitude > 0 and difference <= 1e-5 * magnitude


@pytest.mark.parametrize("name", POOLERS)
def test_inspect_leaves_the_file_alone(name):
    path = GRAPHS / f"{name}.onnx"
    before = path.read_bytes()
    assert len([entry for entry in inspect(path) if entry.what == "RoiAlign" and entry.parameters]) == 4
    assert path.read_bytes() == before
