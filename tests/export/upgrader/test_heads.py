"""Loops that paste masks or read keypoints (tests/interop/make_graphs.py), and some that only look so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from support import ORT_VERSION, session

from roiops.export import upgrade

GRAPHS = Path(__file__).parent / "graphs"
OPERATORS = {"masks": "PasteMasks", "grid": "PasteMasks", "keypoints": "HeatmapsToKeypoints"}
STEPS = sorted(path.stem for kind in OPERATORS for path in GRAPHS.glob(f"{kind}_*.onnx"))


def load(name: str) -> onnx.ModelProto:
    return onnx.load(GRAPHS / f"{name}.onnx")


def inputs(model: onnx.ModelProto, count: int, image: tuple[int, int]) -> dict[str, np.ndarray]:
    random = np.random.default_rng(count)
    corner = random.uniform(-5, 40, (count, 2))
    boxes = np.concatenate([corner, corner + random.uniform(3, 60, (count, 2))], 1).astype(np.float32)
    arrays = {
        "masks": random.random((count, 1, 28, 28), np.float32),
        "maps": random.standard_normal((count, 5, 14, 14), np.float32),
        "boxes": boxes,
        "image": np.zeros(image, np.float32),
    }
    return {value.name: arrays[value.name] for value in model.graph.input}


@pytest.mark.parametrize("name", STEPS)
def test_the_loop_becomes_one_node(name):
    model, kind = load(name), name.split("_")[0]
    if model.opset_import[0].version > 19 and ORT_VERSION < (1, 18):
        pytest.skip("this onnxruntime is older than the opset")
    upgraded, report = upgrade(model)
    kinds = [node.op_type for node in upgraded.graph.node]
    assert kinds.count(OPERATORS[kind]) == 1 and "Loop" not in kinds
    assert report.count("fused") == 1 and report.count("left alone") == 0
    assert [value.name for value in upgraded.graph.output] == [value.name for value in model.graph.output]
    original, replacement = session(model, plugin=False), session(upgraded)
    for count in (4, 0, 1, 9):
        for image in [(60, 80)] if "static" in name else [(60, 80), (33, 70)]:
            arrays = inputs(model, count, image)
            for wanted, y in zip(original.run(None, arrays), replacement.run(None, arrays), strict=True):
                assert y.dtype == wanted.dtype
                np.testing.assert_allclose(y, wanted, atol=1e-4)


def test_nothing_of_the_loop_is_left():
    """Values that only its body read go with it."""
    upgraded, _ = upgrade(load("masks_ts16"))
    kinds = {node.op_type for node in upgraded.graph.node}
    assert not {"Pad", "Div", "Sub", "ConstantOfShape"} & kinds


def test_a_portable_model_runs_without_the_library():
    model = load("masks_ts16")
    portable, _ = upgrade(model, portable=True)
    arrays = inputs(model, 5, (60, 80))
    wanted = session(model, plugin=False).run(None, arrays)[0]
    np.testing.assert_allclose(session(portable, plugin=False).run(None, arrays)[0], wanted, atol=1e-4)


def graphs_of(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from graphs_of(attribute.g)


def constant(model: onnx.ModelProto, old: object, new: object, follower: str) -> None:
    """Change the constants of one value that nodes of one kind read."""
    changed = 0
    for graph in graphs_of(model.graph):
        read = {name for node in graph.node if node.op_type == follower for name in node.input}
        for node in graph.node:
            if node.op_type == "Constant" and node.output[0] in read:
                tensor = node.attribute[0].t
                array = numpy_helper.to_array(tensor)
                if array.tolist() == old:
                    tensor.CopyFrom(numpy_helper.from_array(np.array(new, array.dtype)))
                    changed += 1
    assert changed


def attribute(model: onnx.ModelProto, kind: str, **values: object) -> None:
    for graph in graphs_of(model.graph):
        for node in graph.node:
            if node.op_type == kind:
                kept = [a for a in node.attribute if a.name not in values]
                del node.attribute[:]
                node.attribute.extend(kept)
                node.attribute.extend(helper.make_attribute(name, value) for name, value in values.items())


def after(model: onnx.ModelProto, kind: str, op_type: str, *more: float) -> None:
    """Put a node behind the last of one kind in the body of the loop."""
    body = list(graphs_of(model.graph))[-1]
    last = max(i for i, node in enumerate(body.node) if node.op_type == kind)
    name = body.node[last].output[0]
    body.node[last].output[0] = f"{name}_before"
    numbers = [helper.make_tensor(f"more{i}", onnx.TensorProto.FLOAT, [], [n]) for i, n in enumerate(more)]
    body.initializer.extend(numbers)
    body.node.insert(
        last + 1, helper.make_node(op_type, [f"{name}_before", *(n.name for n in numbers)], [name])
    )


# What was changed, the graph, how, and a part of the reason.
NEAR_MISSES = {
    "padded by two pixels": (
        "masks_ts16",
        lambda m: constant(m, [1, 1, 1, 1], [2, 2, 2, 2], "Concat"),
        "random inputs",
    ),
    "boxes grown for two pixels": ("masks_ts16", lambda m: constant(m, 2, 4, "Add"), "random inputs"),
    "half of the sides": ("masks_ts16", lambda m: constant(m, 0.5, 0.25, "Mul"), "0.25, which has no place"),
    "twice the sides": ("masks_ts16", lambda m: constant(m, 0.5, 1.0, "Mul"), "random inputs"),
    "masks of nearest pixels": (
        "masks_ts16",
        lambda m: attribute(m, "Resize", mode="nearest"),
        "random inputs",
    ),
    "masks of corners": (
        "masks_ts16",
        lambda m: attribute(m, "Resize", coordinate_transformation_mode="asymmetric"),
        "random inputs",
    ),
    "thresholded masks": (
        "masks_ts16",
        lambda m: after(m, "Resize", "ThresholdedRelu"),
        "has no place in it",
    ),
    "bounded masks": ("masks_ts16", lambda m: after(m, "Resize", "Clip", 0.0, 0.5), "random inputs"),
    "masks filled with ones": (
        "masks_ts16",
        lambda m: attribute(m, "ConstantOfShape", value=numpy_helper.from_array(np.ones(1, np.float32))),
        "",
    ),
    "sampled corners": ("grid_ts16", lambda m: attribute(m, "GridSample", align_corners=1), "corners"),
    "sampled border": ("grid_ts16", lambda m: attribute(m, "GridSample", padding_mode="border"), "corners"),
    "sampled nearest": ("grid_ts16", lambda m: attribute(m, "GridSample", mode="nearest"), "linearly"),
    "sampled beside centres": ("grid_ts16", lambda m: constant(m, 0.5, 0.0, "Add"), "random inputs"),
    "sampled half": ("grid_ts16", lambda m: constant(m, 2.0, 1.0, "Mul"), "random inputs"),
    "sampled elsewhere": ("grid_ts16", lambda m: constant(m, 1.0, 0.9, "Sub"), "0.9, which has no place"),
    "linear heatmaps": ("keypoints_ts16", lambda m: attribute(m, "Resize", mode="linear"), "random inputs"),
    "another cubic": (
        "keypoints_ts16",
        lambda m: attribute(m, "Resize", cubic_coeff_a=-0.5),
        "random inputs",
    ),
    "corners of pixels": ("keypoints_ts16", lambda m: constant(m, 0.5, 0.0, "Add"), "random inputs"),
    "boxes of two pixels": ("keypoints_ts16", lambda m: constant(m, 1.0, 2.0, "Clip"), "random inputs"),
    "smallest pixels": ("keypoints_ts16", lambda m: after(m, "Resize", "Neg"), "has no place in it"),
}


@pytest.mark.parametrize("case", NEAR_MISSES)
def test_what_only_looks_like_it_stays(case):
    name, change, reason = NEAR_MISSES[case]
    model = load(name)
    change(model)
    upgraded, report = upgrade(model)
    kinds = {node.op_type for node in upgraded.graph.node}
    assert {"Loop", "GridSample"} & kinds and not set(OPERATORS.values()) & kinds
    (entry,) = report
    assert entry.action == "left alone" and reason in entry.reason


def test_steps_that_depend_on_each_other_stay():
    model = load("masks_ts16")
    body = list(graphs_of(model.graph))[-1]
    carried = body.input[2].name
    joined = next(node for node in body.node if carried in node.input)
    body.node.insert(0, helper.make_node("Shape", [carried], ["rows_so_far"]))
    body.node.insert(1, helper.make_node("Gather", ["rows_so_far", "rows_so_far"], ["unused"]))
    assert joined.op_type == "Concat"
    _, report = upgrade(model)
    assert "the rows of the steps before it" in next(iter(report)).reason


def test_fewer_steps_than_masks_stay():
    model = load("masks_ts16")
    loop = next(node for node in model.graph.node if node.op_type == "Loop")
    one = helper.make_node("Constant", [], ["one_more"], value_int=1)
    fewer = helper.make_node("Sub", [loop.input[0], "one_more"], ["fewer"])
    loop.input[0] = "fewer"
    where = list(model.graph.node).index(loop)
    for node in (fewer, one):
        model.graph.node.insert(where, node)
    _, report = upgrade(model)
    assert next(iter(report)).action == "left alone"
