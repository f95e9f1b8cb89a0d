"""Whole detectors that PyTorch exported (tests/interop/make_graphs.py): all poolers fuse, same detections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from pyramids import operators
from support import session

from roiops.export import upgrade
from roiops.export.upgrader.verify.compare import compare

GRAPHS = Path(__file__).parent / "graphs"
POOLERS = {
    "whole_detectron2": 2,
    "whole_detectron2_opset11": 2,
    "whole_detectron2_images3": 2,
    "whole_detectron2_cascade": 4,
}


@pytest.mark.parametrize("name", POOLERS)
def test_every_pooler_fuses(name):
    model = onnx.load(GRAPHS / f"{name}.onnx")
    upgraded, report = upgrade(model)
    found = operators(upgraded)
    assert found["roiops::MultiScaleRoiAlign"] == POOLERS[name] and report.count("left alone") == 0
    assert not {"RoiAlign", "roiops::RoiAlign", "ScatterND"} & set(found)
    original, replacement = session(model, plugin=False), session(upgraded)
    names = [value.name for value in model.graph.output]
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    for seed in range(3):
        images = {"images": 2 * np.random.default_rng(seed).standard_normal(shape).astype(np.float32)}
        expected, given = original.run(None, images), replacement.run(None, images)
        assert len(expected[-1]) > 0
        for verdict in compare(names, expected, given, 1e-4):
            assert verdict.verdict == "equal", f"seed {seed}: {verdict}"


def test_new_nodes_declare_shapes_and_types():
    model = onnx.load(GRAPHS / "whole_detectron2.onnx")
    upgraded, _ = upgrade(model)
    declared = {value.name: value.type.tensor_type for value in upgraded.graph.value_info}
    fused = [node for node in upgraded.graph.node if node.op_type == "MultiScaleRoiAlign"]
    assert len(fused) == 2
    for node, size in zip(fused, (5, 7)):
        dims = [dim.dim_value for dim in declared[node.output[0]].shape.dim]
        assert declared[node.output[0]].elem_type == onnx.TensorProto.FLOAT and dims[2:] == [size, size]
        for name in node.input[:3]:
            assert declared[name].elem_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.INT64)
    onnx.utils.Extractor(upgraded).extract_model(["images"], [fused[1].output[0]])
