"""Portable models give the reference's values, without the plugin and with it."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from support import ORT_VERSION, TYPES, one_node_model, session

from roiops import export, reference
from roiops.export import add_function_bodies

OPSETS = range(12, 22 if ORT_VERSION < (1, 20) else 26)
PLUGIN = pytest.mark.parametrize("plugin", [False, True], ids=["body", "plugin"])
MAP_SIZES = [(40, 56), (20, 28), (10, 14), (5, 7)]
SCALES = [1 / 4, 1 / 8, 1 / 16, 1 / 32]


def run_all(model, feeds, plugin, **options):
    return session(model, plugin=plugin, **options).run(None, feeds)


def assert_close(y, expected, tolerance=2e-6):
    assert y.shape == expected.shape
    np.testing.assert_allclose(
        y, expected, rtol=0, atol=tolerance * max(1.0, np.abs(expected).max(initial=0))
    )


def random_boxes(rng, count):
    """Boxes in, across and out of a 224 x 160 image; one in four is inverted on an axis."""
    corner = rng.uniform(-60, 240, (count, 2))
    side = np.exp(rng.uniform(np.log(0.5), np.log(300), (count, 2)))
    side *= np.where(rng.random((count, 2)) < 0.125, -1, 1)
    return np.hstack([corner, corner + side]).astype(np.float32)


@cache
def make_pyramid():
    rng = np.random.default_rng(1)
    return [rng.standard_normal((3, 4, *size)).astype(np.float32) for size in MAP_SIZES]


@pytest.fixture
def pyramid():
    return make_pyramid()


VARIANTS = [(aligned, ratio) for aligned in (True, False) for ratio in (-1, 0, 2)]


def variants_model(opset, batch_type):
    """All combinations of aligned and sampling_ratio in one model, on counts."""
    nodes = [
        export.make_roi_align_node(
            "X",
            "boxes",
            "batch",
            f"Y{i}",
            output_size=(7, 3),
            spatial_scale=0.25,
            sampling_ratio=ratio,
            aligned=aligned,
        )
        for i, (aligned, ratio) in enumerate(VARIANTS)
    ]
    inputs = [
        ("X", TensorProto.FLOAT, "NCHW"),
        ("boxes", TensorProto.FLOAT, ["K", 4]),
        ("batch", batch_type, "N"),
    ]
    outputs = [(f"Y{i}", TensorProto.FLOAT, ["K", "C", 7, 3]) for i in range(len(VARIANTS))]
    return one_node_model(nodes, inputs, outputs, opset)


COUNTS = (9, 0, 11)
NO_BOXES = (0, 0, 0)


@cache
def variant_case(counts):
    boxes = random_boxes(np.random.default_rng(2), sum(counts))
    x = make_pyramid()[0]
    return boxes, [reference.roi_align(x, boxes, counts, (7, 3), 0.25, ratio, al) for al, ratio in VARIANTS]


@PLUGIN
@pytest.mark.parametrize("opset", OPSETS)
def test_single_level(opset, plugin):
    batch_type, dtype = (TensorProto.INT32, np.int32) if opset % 2 else (TensorProto.INT64, np.int64)
    model = add_function_bodies(variants_model(opset, batch_type))
    onnx.checker.check_model(model, full_check=True)
    runner = session(model, plugin=plugin)
    for counts in (COUNTS, NO_BOXES):
        boxes, expected = variant_case(counts)
        feeds = {"X": make_pyramid()[0], "boxes": boxes, "batch": np.array(counts, dtype)}
        for y, wanted in zip(runner.run(None, feeds), expected):
            assert_close(y, wanted)


def pooler_options(depth):
    """Return sampling_ratio and aligned: the poolers of one model differ in them."""
    return (2 if depth == 4 else 0), depth % 2 == 0


def poolers_model(opset, depths):
    """One MultiScaleRoiAlign per depth, all with the same boxes and with their own levels."""
    nodes = [
        export.make_multiscale_roi_align_node(
            "boxes",
            "batch",
            f"levels{depth}",
            [f"X{i}" for i in range(depth)],
            f"Y{depth}",
            output_size=5,
            spatial_scales=SCALES[:depth],
            sampling_ratio=pooler_options(depth)[0],
            aligned=pooler_options(depth)[1],
            name=f"pooler{depth}",
        )
        for depth in depths
    ]
    inputs = [
        ("boxes", TensorProto.FLOAT, ["K", 4]),
        ("batch", TensorProto.INT64, "N"),
        *((f"levels{depth}", TensorProto.INT64, "K") for depth in depths),
        *((f"X{i}", TensorProto.FLOAT, ["N", "C", f"H{i}", f"W{i}"]) for i in range(max(depths))),
    ]
    outputs = [(f"Y{depth}", TensorProto.FLOAT, ["K", "C", 5, 5]) for depth in depths]
    return one_node_model(nodes, inputs, outputs, opset)


DEPTHS = (1, 2, 4)


@cache
def pooler_case(counts):
    rng = np.random.default_rng(3)
    pyramid, boxes = make_pyramid(), random_boxes(rng, sum(counts))
    levels = {depth: rng.integers(0, depth, len(boxes)) for depth in DEPTHS}
    levels[4][levels[4] == 2] = 3  # a level without boxes
    expected = [
        reference.multiscale_roi_align(
            pyramid[:depth], boxes, counts, levels[depth], 5, SCALES[:depth], *pooler_options(depth)
        )
        for depth in DEPTHS
    ]
    return boxes, {f"levels{depth}": levels[depth] for depth in DEPTHS}, expected


@PLUGIN
@pytest.mark.parametrize("opset", OPSETS)
def test_poolers_of_different_depth_share_a_body(opset, plugin):
    model = add_function_bodies(poolers_model(opset, DEPTHS))
    onnx.checker.check_model(model, full_check=True)
    runner = session(model, plugin=plugin)
    for counts in (COUNTS, NO_BOXES):
        boxes, levels, expected = pooler_case(counts)
        maps = {f"X{i}": x for i, x in enumerate(make_pyramid())}
        ys = runner.run(None, {"boxes": boxes, "batch": np.array(counts), **maps, **levels})
        for y, wanted in zip(ys, expected):
            assert_close(y, wanted)


coordinate = st.one_of(
    st.integers(-8, 24).map(float),
    st.floats(-12, 30, width=32),
    st.sampled_from([-1e20, -1e9, -1e6, 1e6, 3e7, 1e9, 1e20]),
)


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("ratio", [-1, 1, 3])
def test_any_finite_box(aligned, ratio):
    """Edges on pixels, outside, empty, inverted and huge boxes: discontinuous results are the reference's."""
    x = np.random.default_rng(4).standard_normal((1, 2, 9, 13)).astype(np.float32)
    model = export.make_roi_align_model(
        output_size=(2, 3), sampling_ratio=ratio, aligned=aligned, batch_format="batch_indices"
    )
    body = session(add_function_bodies(model), plugin=False)

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.tuples(*[coordinate] * 4), min_size=1, max_size=5))
    def check(boxes):
        boxes = np.array(boxes, np.float32)
        batch = np.zeros(len(boxes), np.int64)
        y = body.run(None, {"X": x, "boxes": boxes, "batch": batch})[0]
        expected = reference.roi_align(
            x, boxes, batch, (2, 3), 1.0, ratio, aligned, batch_format="batch_indices"
        )
        assert_close(y, expected)

    check()


@pytest.mark.parametrize(
    ("dtype", "box_dtype"), [("float64", "float64"), ("float16", "float16"), ("float16", "float32")]
)
@PLUGIN
def test_element_types(pyramid, dtype, box_dtype, plugin):
    model = export.make_roi_align_model(
        output_size=7, spatial_scale=0.25, x_type=TYPES[dtype], boxes_type=TYPES[box_dtype]
    )
    x = pyramid[0].astype(dtype)
    boxes = random_boxes(np.random.default_rng(5), 20).astype(box_dtype)
    counts = np.array([9, 0, 11])
    y = run_all(add_function_bodies(model), {"X": x, "boxes": boxes, "batch": counts}, plugin)[0]
    assert y.dtype == dtype
    tolerance = {"float64": 1e-12, "float16": 5e-4}[dtype]
    assert_close(y.astype(np.float64), reference.roi_align(x, boxes, counts, 7, 0.25), tolerance)


@PLUGIN
def test_bfloat16(pyramid, plugin):
    """Cast inside the model, because ONNX Runtime's Python interface has no bfloat16."""
    node = export.make_roi_align_node("X16", "boxes", "batch", "Y16", output_size=7, spatial_scale=0.25)
    nodes = [
        helper.make_node("Cast", ["X"], ["X16"], to=TensorProto.BFLOAT16),
        node,
        helper.make_node("Cast", ["Y16"], ["Y"], to=TensorProto.FLOAT),
    ]
    inputs = [
        ("X", TensorProto.FLOAT, "NCHW"),
        ("boxes", TensorProto.FLOAT, ["K", 4]),
        ("batch", TensorProto.INT64, "N"),
    ]
    model = add_function_bodies(one_node_model(nodes, inputs, [("Y", TensorProto.FLOAT, None)], 17))
    x = (pyramid[0].view(np.uint32) & 0xFFFF0000).view(np.float32)  # values that bfloat16 holds exactly
    boxes = random_boxes(np.random.default_rng(6), 20)
    counts = np.array([9, 0, 11])
    y = run_all(model, {"X": x, "boxes": boxes, "batch": counts}, plugin)[0]
    assert_close(y, reference.roi_align(x, boxes, counts, 7, 0.25), 4e-3)


@PLUGIN
@pytest.mark.parametrize("opset", [12, OPSETS[-1]])
def test_nodes_in_branches_and_functions(pyramid, opset, plugin):
    def graph(ratio):
        node = export.make_roi_align_node("X", "boxes", "batch", "Z", output_size=3, sampling_ratio=ratio)
        return helper.make_graph(
            [node], f"ratio{ratio}", [], [helper.make_tensor_value_info("Z", TensorProto.FLOAT, None)]
        )

    pool = export.make_roi_align_node("x", "b", "n", "y", output_size=3, aligned=False)
    imports = [helper.make_opsetid("", opset), helper.make_opsetid(export.DOMAIN, export.VERSION)]
    function = helper.make_function("mine", "Pool", ["x", "b", "n"], ["y"], [pool], imports)
    nodes = [
        helper.make_node("If", ["cond"], ["Y"], then_branch=graph(1), else_branch=graph(0)),
        helper.make_node("Pool", ["X", "boxes", "batch"], ["Yf"], domain="mine"),
    ]
    inputs = [
        ("cond", TensorProto.BOOL, []),
        ("X", TensorProto.FLOAT, "NCHW"),
        ("boxes", TensorProto.FLOAT, ["K", 4]),
        ("batch", TensorProto.INT64, "N"),
    ]
    outputs = [("Y", TensorProto.FLOAT, None), ("Yf", TensorProto.FLOAT, None)]
    model = one_node_model(nodes, inputs, outputs, opset)
    model.opset_import.append(helper.make_opsetid("mine", 1))
    model.functions.append(function)
    model = add_function_bodies(model)
    boxes = random_boxes(np.random.default_rng(7), 20) / 4
    feeds = {"X": pyramid[0], "boxes": boxes, "batch": np.array([9, 0, 11])}
    for condition, ratio in ((True, 1), (False, 0)):
        y, in_function = run_all(model, {**feeds, "cond": np.array(condition)}, plugin)
        assert_close(y, reference.roi_align(pyramid[0], boxes, [9, 0, 11], 3, 1.0, ratio))
        assert_close(in_function, reference.roi_align(pyramid[0], boxes, [9, 0, 11], 3, aligned=False))


@PLUGIN
@pytest.mark.parametrize("level", ["basic", "all", "none"])
def test_the_kernel_runs_where_the_plugin_is_registered(pyramid, tmp_path, plugin, level):
    import onnxruntime as ort

    levels = ort.GraphOptimizationLevel
    chosen = {"basic": levels.ORT_ENABLE_BASIC, "all": levels.ORT_ENABLE_ALL, "none": levels.ORT_DISABLE_ALL}[
        level
    ]
    model = add_function_bodies(export.make_roi_align_model(output_size=7, spatial_scale=0.25))
    runner = session(
        model,
        plugin=plugin,
        enable_profiling=True,
        profile_file_prefix=str(tmp_path / "profile"),
        graph_optimization_level=chosen,
    )
    boxes = random_boxes(np.random.default_rng(8), 20)
    y = runner.run(None, {"X": pyramid[0], "boxes": boxes, "batch": np.array([9, 0, 11])})[0]
    assert_close(y, reference.roi_align(pyramid[0], boxes, [9, 0, 11], 7, 0.25))
    with open(runner.end_profiling()) as file:
        executed = {event["args"].get("op_name") for event in json.load(file) if event["cat"] == "Node"}
    assert ("RoiAlign" in executed) == plugin
    assert ("Scan" in executed) != plugin


@PLUGIN
@pytest.mark.parametrize("size", [(0, 5), (5, 0), (1, 7)], ids=str)
def test_maps_with_few_or_no_pixels(size, plugin):
    model = add_function_bodies(
        export.make_multiscale_roi_align_model(output_size=2, spatial_scales=[1, 0.5])
    )
    xs = [np.ones((1, 2, *size), np.float32), np.ones((1, 2, 6, 6), np.float32)]
    boxes = np.array([[0, 0, 3, 3], [1, 1, 5, 4]], np.float32)
    levels = np.array([0, 1])
    feeds = {"X_0": xs[0], "X_1": xs[1], "boxes": boxes, "batch": np.array([2]), "levels": levels}
    y = run_all(model, feeds, plugin)[0]
    assert_close(y, reference.multiscale_roi_align(xs, boxes, [2], levels, 2, [1, 0.5]))
