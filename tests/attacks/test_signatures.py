"""Types that do not fit, inputs too few and too many, pyramids of no map and of hundreds."""

from __future__ import annotations

import numpy as np
import pytest
from attacks.hostile import (
    GRAPH,
    INPUTS,
    LOAD,
    NODE,
    OPERATORS,
    RUN,
    X,
    assert_refused,
    errors,
    inputs,
    model,
    run,
    session,
    untyped_shape,
    wrapped,
)
from onnx import TensorProto, helper

from roiops import reference

# ONNX Runtime refuses what no kernel was registered for: when it checks the graph, or when it looks for one.
NO_KERNEL = (GRAPH, errors.NotImplemented, errors.Fail)
DTYPES = (np.float32, np.float64, np.float16, np.int32, np.int64, np.uint8, np.bool_, np.int8)


def fits(operator: str, name: str, dtype: type) -> bool:
    if name in ("levels", "batch_indices"):
        return dtype == np.int64
    if name == "batch":
        return dtype in (np.int32, np.int64)
    return dtype == np.float32 or ((operator, name, dtype) == ("RoiAlign", "X", np.float16))


@pytest.mark.parametrize(
    ("operator", "name"), [(operator, name) for operator in OPERATORS for name in INPUTS[operator]]
)
def test_types_of_the_model(operator, name):
    for dtype in DTYPES:
        feeds = inputs(operator, **{name: INPUTS[operator][name].astype(dtype)})
        if fits(operator, name, dtype):
            assert run(operator, feeds).shape == (3, 3, 2, 3)
        else:
            assert_refused(NO_KERNEL, (), lambda feeds=feeds: session(model(operator, feeds=feeds)))


@pytest.mark.parametrize("operator", OPERATORS)
def test_types_of_the_values(operator):
    """A model that is right is fed wrong types."""
    for name in INPUTS[operator]:
        feeds = inputs(operator, **{name: INPUTS[operator][name].astype(np.int8)})
        with pytest.raises(RUN, match="Unexpected input data type"):
            session(model(operator)).run(None, feeds)


@pytest.mark.parametrize("operator", OPERATORS)
def test_missing_inputs(operator):
    names = list(INPUTS[operator])
    for kept in range(min(len(names), 4 if operator == "MultiScaleRoiAlign" else 3)):
        assert_refused(GRAPH, (), lambda kept=kept: session(model(operator, input_names=names[:kept])))


@pytest.mark.parametrize("operator", OPERATORS)
def test_omitted_inputs(operator):
    names = list(INPUTS[operator])
    for i in range(len(names)):
        omitted = [*names[:i], "", *names[i + 1 :]]
        if operator == "MultiScaleRoiAlign" and i >= 3:
            attempt = lambda omitted=omitted: session(model(operator, input_names=omitted)).run(  # noqa: E731
                None, inputs(operator)
            )
            assert_refused((GRAPH, LOAD, RUN, errors.Fail), (), attempt)
        else:
            assert_refused(GRAPH, (), lambda omitted=omitted: session(model(operator, input_names=omitted)))


@pytest.mark.parametrize("operator", ["RoiAlign", "standard RoiAlign"])
def test_extra_inputs(operator):
    names = list(INPUTS[operator])
    assert_refused(GRAPH, (), lambda: session(model(operator, input_names=[*names, names[0]])))
    assert_refused(GRAPH, (), lambda: session(model(operator, input_names=[*names, *[""] * 100])))


@pytest.mark.parametrize("operator", OPERATORS)
def test_outputs(operator):
    assert_refused(GRAPH, (), lambda: session(model(operator, output_names=("Y", "Z"))))
    for names in ((), ("",)):
        broken = model(operator, output_names=names)
        broken.graph.output.append(untyped_shape("X", TensorProto.FLOAT))
        with pytest.raises((GRAPH, errors.Fail, RUN)):
            session(broken)


def pyramid(maps: int, types: tuple[type, ...] = (np.float32,)) -> dict[str, np.ndarray]:
    return {
        "boxes": np.array([[0, 0, 4, 4]] * max(maps, 1), np.float32),
        "batch": np.array([max(maps, 1), 0]),
        "levels": np.arange(max(maps, 1)),
        **{f"X_{i}": X.astype(types[i % len(types)]) * (i + 1) for i in range(maps)},
    }


@pytest.mark.parametrize("maps", [1, 2, 50, 300])
def test_pyramids(maps):
    y = run("MultiScaleRoiAlign", pyramid(maps), spatial_scales=[1.0] * maps)
    np.testing.assert_allclose(y, y[:1] * np.arange(1, maps + 1).reshape(-1, 1, 1, 1), rtol=1e-5, atol=1e-5)


def test_no_pyramid():
    scales = helper.make_attribute("spatial_scales", [], attr_type=6)
    for value in (scales, [1.0]):
        attempt = lambda value=value: run("MultiScaleRoiAlign", pyramid(0), spatial_scales=value)  # noqa: E731
        assert_refused((GRAPH, LOAD), (), attempt)


@pytest.mark.parametrize("count", [0, 1, 299, 301])
def test_scales_and_maps_of_different_number(count):
    scales = helper.make_attribute("spatial_scales", [1.0] * count, attr_type=6)
    assert_refused(
        LOAD,
        (f"attribute 'spatial_scales' has {count} elements", "300 feature maps"),
        lambda: run("MultiScaleRoiAlign", pyramid(300), spatial_scales=scales),
    )


def test_pyramid_of_mixed_types():
    feeds = pyramid(2, (np.float32, np.float64))
    assert_refused(NO_KERNEL, (), lambda: session(model("MultiScaleRoiAlign", feeds=feeds)))


def test_maps_that_share_memory_in_different_shapes():
    """Reshape gives out its input's memory: both maps begin at one address."""
    feeds = {**inputs("MultiScaleRoiAlign"), "shape": np.array([2, 3, 18, 4])}
    feeds["boxes"] = np.tile(np.array([[-1, -1, 20, 20], [0, 2, 3, 17]], np.float32), (40, 1))
    feeds["batch"], feeds["levels"] = np.array([40, 40]), np.arange(80) // 2 % 2
    del feeds["X_1"]
    nodes = [
        helper.make_node("Reshape", ["X_0", "shape"], ["X_1"]),
        helper.make_node(
            "MultiScaleRoiAlign",
            ["boxes", "batch", "levels", "X_0", "X_1"],
            ["Y"],
            name=NODE,
            domain="roiops",
            output_height=2,
            output_width=3,
            spatial_scales=[1.0, 1.0],
        ),
    ]
    kinds = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in feeds.items()}
    infos = [untyped_shape(name, kind) for name, kind in kinds.items()]
    graph = helper.make_graph(nodes, "g", infos, [untyped_shape("Y", TensorProto.FLOAT)])
    y = session(wrapped(graph)).run(None, feeds)[0]
    maps = [X, X.reshape(2, 3, 18, 4)]
    expected = reference.multiscale_roi_align(
        maps, feeds["boxes"], feeds["batch"], feeds["levels"], (2, 3), [1.0, 1.0]
    )
    np.testing.assert_allclose(y, expected, atol=1e-5)


def test_errors_inside_a_branch_name_the_node():
    branch = model("RoiAlign").graph
    del branch.input[:]
    feeds = {**inputs("RoiAlign", batch=np.array([1, 1])), "condition": np.array(True)}
    choice = helper.make_node(
        "If", ["condition"], ["Z"], name="choice", then_branch=branch, else_branch=branch
    )
    kinds = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in feeds.items()}
    infos = [untyped_shape(name, kind) for name, kind in kinds.items()]
    graph = helper.make_graph([choice], "g", infos, [untyped_shape("Z", TensorProto.FLOAT)])
    pooler = session(wrapped(graph))
    assert_refused(RUN, ("'batch'", "sum to 2"), lambda: pooler.run(None, feeds))


@pytest.mark.parametrize("operator", OPERATORS)
def test_inputs_that_are_no_tensors(operator):
    for name in INPUTS[operator]:
        broken = model(operator)
        value = next(v for v in broken.graph.input if v.name == name)
        element = value.type.tensor_type.elem_type
        value.type.Clear()
        value.type.sequence_type.elem_type.tensor_type.elem_type = element
        assert_refused((GRAPH, errors.Fail), (), lambda broken=broken: session(broken))
