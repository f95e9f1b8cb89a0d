"""What was cut out of a Paddle program, as nodes of a model; needs no Paddle."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from support import one_node_model, session

import roiops
from roiops.export.paddle._convert import join
from roiops.export.paddle._fuse import fuse
from roiops.export.paddle._nodes import RoiNodes

NAMES = ["b0", "b1", "b2", "n0", "n1", "n2", "restore"]
LEVELS = {"min_level": 2, "max_level": 4, "refer_level": 3, "refer_scale": 48, "pixel_offset": False}


def distribute(boxes: np.ndarray, boxes_num: np.ndarray) -> list[np.ndarray]:
    """distribute_fpn_proposals of Paddle's definition."""
    side = np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
    level = np.clip(np.floor(np.log2(side / 48 + 1e-6) + 3), 2, 4).astype(int)
    image = np.repeat(np.arange(len(boxes_num)), boxes_num)
    rows = [np.flatnonzero(level == i) for i in (2, 3, 4)]
    counts = [np.bincount(image[some], minlength=len(boxes_num)) for some in rows]
    restore = np.argsort(np.concatenate(rows)).reshape(-1, 1)
    return [*(boxes[some] for some in rows), *counts, restore]


def record(op: str, attributes: dict, inputs: list[str], outputs: list[str]) -> dict:
    return {"op": op, "attributes": attributes, "inputs": inputs, "outputs": outputs}


def model_of(records, inputs, outputs, opset=14) -> onnx.ModelProto:
    return one_node_model(RoiNodes(records).nodes, inputs, outputs, opset)


def random_boxes(count: int) -> np.ndarray:
    random = np.random.default_rng(count)
    corner, sides = random.uniform(0, 100, (count, 2)), 2.0 ** random.uniform(3, 7, (count, 2))
    return np.hstack([corner, corner + sides]).astype(np.float32)


@pytest.mark.parametrize("boxes_num", [[9], [3, 0, 30], [0, 1], [0], [0, 0]])
@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_distribute(boxes_num, kind):
    boxes, counts = random_boxes(sum(boxes_num)), np.array(boxes_num, kind)
    types = [TensorProto.FLOAT] * 3 + [TensorProto.INT32] * 4
    shapes = [[None, 4]] * 3 + [[None]] * 3 + [[None, 1]]
    model = model_of(
        [record("distribute_fpn_proposals", LEVELS, ["boxes", "boxes_num"], NAMES)],
        [
            ("boxes", TensorProto.FLOAT, [None, 4]),
            ("boxes_num", TensorProto.INT32 if kind is np.int32 else TensorProto.INT64, [None]),
        ],
        list(zip(NAMES, types, shapes)),
    )
    results = session(model).run(None, {"boxes": boxes, "boxes_num": counts})
    for found, wanted in zip(results, distribute(boxes, counts)):
        np.testing.assert_array_equal(found, wanted)


def roi_align(x: str, boxes: str, counts: str, output: str, **changed) -> dict:
    attributes = {
        "pooled_height": 3,
        "pooled_width": 2,
        "spatial_scale": 0.25,
        "sampling_ratio": -1,
        "aligned": False,
        **changed,
    }
    return record("roi_align", attributes, [x, boxes, counts], [output])


MAP = ("x", TensorProto.FLOAT, [None, 2, 20, 30])
INPUTS = [MAP, ("boxes", TensorProto.FLOAT, [None, 4]), ("boxes_num", TensorProto.INT32, [None])]


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("ratio", [-1, 0, 2])
def test_roi_align(aligned, ratio):
    records = [roi_align("x", "boxes", "boxes_num", "y", aligned=aligned, sampling_ratio=ratio)]
    model, report = fuse(model_of(records, INPUTS, [("y", TensorProto.FLOAT, [None] * 4)]), {}, False)
    x = np.random.default_rng(0).uniform(size=(2, 2, 20, 30)).astype(np.float32)
    boxes, counts = random_boxes(7), np.array([3, 4], np.int32)
    found = session(model).run(None, {"x": x, "boxes": boxes, "boxes_num": counts})[0]
    np.testing.assert_array_equal(
        found, roiops.roi_align(x, boxes, counts, (3, 2), 0.25, sampling_ratio=ratio, aligned=aligned)
    )
    assert [entry.parameters["aligned"] for entry in report] == [aligned]


def test_the_report_is_in_the_order_of_the_program():
    ratios = [3, -1, 2, 0, 5, 1]
    records = [roi_align("x", "boxes", "boxes_num", f"y{r}", sampling_ratio=r) for r in ratios]
    # Put together, the nodes that read come first: sorted by these, the others stand in another order.
    reading = [onnx.helper.make_node("Neg", [f"y{r}"], [f"z{r}"]) for r in sorted(ratios)]
    outputs = [(f"z{r}", TensorProto.FLOAT, [None] * 4) for r in ratios]
    model = one_node_model([*reading, *RoiNodes(records).nodes], INPUTS, outputs, 14)
    fused, report = fuse(model, {}, False)
    assert [entry.parameters["ratio"] for entry in report] == ratios
    assert [node.output[0] for node in fused.graph.node if node.domain] != [f"y{r}" for r in ratios]


def pooler(**changed) -> tuple[onnx.ModelProto, dict[str, str]]:
    """Three levels that are pooled, joined and restored; nodes in no order, as when they are put together."""
    records = [record("distribute_fpn_proposals", LEVELS, ["boxes", "boxes_num"], NAMES)]
    records += [roi_align("x", f"b{i}", f"n{i}", f"y{i}", **(changed if i == 1 else {})) for i in range(3)]
    model = model_of(records, INPUTS, [("y", TensorProto.FLOAT, [None] * 4)])
    joined = [
        onnx.helper.make_node("Reshape", ["restore", "flat"], ["order"]),
        onnx.helper.make_node("Constant", [], ["flat"], value_ints=[-1]),
        onnx.helper.make_node("Gather", ["joined", "order"], ["y"]),
        onnx.helper.make_node("Concat", ["y0", "y1", "y2"], ["joined"], axis=0),
    ]
    nodes = [*joined, *reversed(model.graph.node)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model, RoiNodes(records).counts


@pytest.mark.parametrize("boxes_num", [[9], [3, 0, 30], [0, 0]])
@pytest.mark.parametrize(
    "changed, operator",
    [({}, "MultiScaleRoiAlign"), ({"aligned": True}, "RoiAlign"), ({"sampling_ratio": 2}, "RoiAlign")],
)
def test_levels_are_fused_only_where_they_agree(changed, operator, boxes_num):
    model, _ = fuse(*pooler(**changed), portable=False)
    assert {node.op_type for node in model.graph.node if node.domain == "roiops"} == {operator}
    x = np.random.default_rng(0).uniform(size=(len(boxes_num), 2, 20, 30)).astype(np.float32)
    boxes, counts = random_boxes(sum(boxes_num)), np.array(boxes_num, np.int32)
    found = session(model).run(None, {"x": x, "boxes": boxes, "boxes_num": counts})[0]
    *parts, restore = distribute(boxes, counts)
    options = [{"sampling_ratio": -1, "aligned": False, **(changed if i == 1 else {})} for i in range(3)]
    pooled = [
        roiops.roi_align(x, some, number.astype(np.int32), (3, 2), 0.25, **option)
        for some, number, option in zip(parts[:3], parts[3:], options)
    ]
    np.testing.assert_array_equal(found, np.concatenate(pooled)[restore.ravel()])


@pytest.mark.parametrize("wrong", [[3, 1], [3, 3], [-1, 6], [5], [2, 2, 1]])
def test_wrong_counts_are_an_error(wrong):
    model, _ = fuse(*pooler(), portable=False)
    x, boxes = np.zeros((2, 2, 20, 30), np.float32), random_boxes(5)
    with pytest.raises(Exception, match="MultiScaleRoiAlign.*input 'batch'"):
        session(model).run(None, {"x": x, "boxes": boxes, "boxes_num": np.array(wrong, np.int32)})


def test_what_was_cut_out_is_put_back():
    """x -> 2x -> [roi_align of it] -> result, which is an output, as is its negative."""
    nodes = [
        onnx.helper.make_node("Add", ["x", "x"], ["operand"]),
        onnx.helper.make_node("Neg", ["result"], ["negative"]),
    ]
    pooled = [None, 2, 3, 2]
    converted = one_node_model(
        nodes,
        [*INPUTS, ("result", TensorProto.FLOAT, pooled)],
        [
            ("negative", TensorProto.FLOAT, pooled),
            ("operand", TensorProto.FLOAT, [None, 2, 20, 30]),
            ("same", TensorProto.FLOAT, pooled),
        ],
    )
    converted.opset_import.pop()
    records = [roi_align("operand", "boxes", "boxes_num", "result")]
    model, _ = fuse(*join(converted, records, [("result", "same")]), portable=False)
    x = np.random.default_rng(0).uniform(size=(1, 2, 20, 30)).astype(np.float32)
    boxes, counts = random_boxes(4), np.array([4], np.int32)
    negative, same = session(model).run(None, {"x": x, "boxes": boxes, "boxes_num": counts})
    expected = roiops.roi_align(2 * x, boxes, counts, (3, 2), 0.25, aligned=False)
    np.testing.assert_array_equal(same, expected)
    np.testing.assert_array_equal(negative, -expected)
