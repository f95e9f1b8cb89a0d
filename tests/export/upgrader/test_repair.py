"""Exports that are known to be wrong: warned about, and repaired when asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from pyramids import operators
from support import run

from roiops.export import inspect, upgrade

GRAPHS = Path(__file__).parent / "graphs"
PADDLE = [(aligned, opset) for aligned in (False, True) for opset in (11, 16)]


def paddle(aligned: bool, opset: int):
    stem = GRAPHS / f"paddle_{'aligned' if aligned else 'plain'}_opset{opset}"
    arrays = dict(np.load(stem.with_suffix(".npz")))
    return onnx.load(stem.with_suffix(".onnx")), arrays.pop("expected"), arrays


def error(found: np.ndarray, expected: np.ndarray) -> float:
    return np.abs(found - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize("aligned, opset", PADDLE)
def test_paddle(aligned, opset):
    model, expected, arrays = paddle(aligned, opset)
    assert error(run(model, arrays, plugin=False), expected) > 0.1
    repaired, report = upgrade(model, paddle_aligned=aligned)
    assert error(run(repaired, arrays), expected) <= 1e-5
    assert report.count("repaired") == 1 and report.warnings == []
    assert operators(repaired) == {"roiops::RoiAlign": 1}


@pytest.mark.parametrize("aligned, opset", PADDLE)
def test_paddle_without_a_choice_warns_and_keeps_the_meaning(aligned, opset):
    model, _, arrays = paddle(aligned, opset)
    upgraded, report = upgrade(model)
    assert ["choose paddle_aligned" in entry.reason for entry in report.warnings] == [True]
    assert [entry.reason for entry in inspect(model).warnings] == [entry.reason for entry in report.warnings]
    np.testing.assert_allclose(run(upgraded, arrays), run(model, arrays, plugin=False), rtol=0, atol=1e-5)


def test_paddle_for_one_image_needs_no_counts():
    model, expected, arrays = paddle(False, 16)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    del model.graph.input[2]
    repaired, report = upgrade(model, paddle_aligned=False)
    first = arrays["boxes_num"][0]
    feeds = {"x": arrays["x"][:1], "boxes": arrays["boxes"][:first]}
    assert error(run(repaired, feeds), expected[:first]) <= 1e-5
    assert report.warnings == []


def test_paddle_with_two_candidates_keeps_warning():
    model, _, _ = paddle(False, 16)
    model.graph.input.append(onnx.helper.make_tensor_value_info("other", onnx.TensorProto.INT32, ["N"]))
    repaired, report = upgrade(model, paddle_aligned=False)
    assert "2 unused inputs could be it (boxes_num, other)" in report.warnings[0].reason
    assert repaired.graph.node[-1].input[2] != "boxes_num"


def with_other_boxes(boxes: onnx.NodeProto) -> onnx.ModelProto:
    """A Paddle export with a second RoiAlign, whose boxes "others" are made by a node."""
    model, _, _ = paddle(False, 16)
    second = [onnx.NodeProto.FromString(node.SerializeToString()) for node in model.graph.node]
    renamed = {output: f"{output}_2" for node in second for output in node.output}
    renamed["boxes"] = "others"
    for node in second:
        node.name += "_2"
        for names in (node.input, node.output):
            names[:] = [renamed.get(name, name) for name in names]
    model.graph.node.insert(0, boxes)
    model.graph.node.extend(second)
    model.graph.output.append(
        onnx.helper.make_tensor_value_info("fetch_name_0_2", onnx.TensorProto.FLOAT, [None, 3, 5, 5])
    )
    return model


def test_paddle_with_boxes_made_from_boxes():
    model = with_other_boxes(onnx.helper.make_node("Neg", ["boxes"], ["others"]))
    _, expected, arrays = paddle(False, 16)
    repaired, report = upgrade(model, paddle_aligned=False)
    assert report.count("repaired") == 2 and report.warnings == []
    assert error(run(repaired, arrays), expected) <= 1e-5
    both = [node for node in repaired.graph.node if node.op_type == "RoiAlign"]
    assert [node.input[2] for node in both] == ["boxes_num", "boxes_num"]


def test_paddle_with_fewer_boxes_keeps_warning():
    model = with_other_boxes(onnx.helper.make_node("Compress", ["boxes", "kept"], ["others"], axis=0))
    model.graph.input.append(onnx.helper.make_tensor_value_info("kept", onnx.TensorProto.BOOL, ["K"]))
    repaired, report = upgrade(model, paddle_aligned=False)
    assert len(report.warnings) == 2
    assert "several box tensors that may differ in length, but one unused input" in report.warnings[0].reason
    assert all(node.input[2] != "boxes_num" for node in repaired.graph.node if node.op_type == "RoiAlign")


def pooler(name: str) -> onnx.ModelProto:
    return onnx.load(GRAPHS / f"{name}.onnx")


def pooler_inputs() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    maps = {f"p{i}": random.uniform(size=(1, 3, 192 >> i, 256 >> i)).astype(np.float32) for i in range(2, 6)}
    corner = random.uniform(0, 100, (20, 2))
    sides = 2.0 ** random.uniform(3, 7, (20, 2))
    return {**maps, "boxes0": np.hstack([corner, corner + sides]).astype(np.float32)}


def test_detectron2():
    """At opset 16 the export is right, at 11 it loses that the pooler is aligned."""
    arrays = pooler_inputs()
    expected = run(pooler("detectron2_ts16"), arrays, plugin=False)
    lost = pooler("detectron2_ts11")
    assert error(run(lost, arrays, plugin=False), expected) > 0.05
    repaired, report = upgrade(lost, aligned=True)
    assert error(run(repaired, arrays), expected) <= 1e-5
    assert report.warnings == [] and report.count("repaired") == 4


def test_detectron2_without_a_choice_warns():
    assert {entry.reason for entry in inspect(pooler("detectron2_ts11")).warnings} == {
        "opset 11 cannot express an aligned pooler (Detectron2's default); if this was one, choose aligned"
    }


@pytest.mark.parametrize("name", ["torchvision_ts11_images1", "detectron2_ts16", "torchvision_dynamo22"])
def test_right_exports_draw_no_warning(name):
    assert inspect(pooler(name)).warnings == []


@pytest.mark.parametrize("choice", [{"aligned": True}, {"paddle_aligned": False}])
def test_choices_do_not_touch_nodes_that_say_their_mode(choice):
    arrays = pooler_inputs()
    model = pooler("detectron2_ts16")
    upgraded, report = upgrade(model, **choice)
    assert error(run(upgraded, arrays), run(model, arrays, plugin=False)) <= 1e-5
    assert report.count("repaired") == 0
