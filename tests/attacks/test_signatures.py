"""Types that do not fit, inputs too few and too many, pyramids of no map and of hundreds."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
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
    assert_refused_by_onnxruntime,
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
DTYPES = (np.float32, np.float64, np.float16, np.int32, np.int64, np.uint8, np.bool_, np.int8, np.object_)


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
            assert_refused_by_onnxruntime(
                NO_KERNEL, lambda feeds=feeds: session(model(operator, feeds=feeds))
            )


@pytest.mark.parametrize("operator", OPERATORS)
def test_opset_without_the_operator(operator):
    broken = model(operator, opset=9)
    for opset in broken.opset_import:
        opset.version = min(opset.version, 9 if not opset.domain else 0)
    with pytest.raises((GRAPH, errors.Fail), match="RoiAlign"):
        session(broken)


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
        assert_refused_by_onnxruntime(
            GRAPH, lambda kept=kept: session(model(operator, input_names=names[:kept]))
        )


@pytest.mark.parametrize("operator", OPERATORS)
def test_omitted_inputs(operator):
    names = list(INPUTS[operator])
    for i in range(len(names)):
        omitted = [*names[:i], "", *names[i + 1 :]]
        assert_refused_by_onnxruntime(
            (GRAPH, errors.Fail), lambda omitted=omitted: session(model(operator, input_names=omitted))
        )


@pytest.mark.parametrize("operator", ["RoiAlign", "standard RoiAlign"])
def test_extra_inputs(operator):
    names = list(INPUTS[operator])
    assert_refused_by_onnxruntime(GRAPH, lambda: session(model(operator, input_names=[*names, names[0]])))
    assert_refused_by_onnxruntime(GRAPH, lambda: session(model(operator, input_names=[*names, *[""] * 100])))


@pytest.mark.parametrize("operator", OPERATORS)
def test_outputs(operator):
    for names in ((), ("",), ("Y", "Z")):
        broken = model(operator, output_names=names)
        del broken.graph.output[:]
        broken.graph.output.append(broken.graph.input[0])
        assert_refused_by_onnxruntime(GRAPH, lambda broken=broken: session(broken))


@pytest.mark.parametrize("operator", OPERATORS)
def test_bound_outputs(operator):
    """The caller's own memory for the output is too small, too large or of another type."""
    pooler = session(model(operator))
    binding = pooler.io_binding()
    for name, value in INPUTS[operator].items():
        binding.bind_cpu_input(name, value)
    for shape in ((1, 1, 1, 1), (3, 18), (100, 3, 2, 3)):
        output = ort.OrtValue.ortvalue_from_numpy(np.full(shape, 7, np.float32))
        binding.bind_ortvalue_output("Y", output)
        assert_refused(RuntimeError, "output 0", lambda: pooler.run_with_iobinding(binding), "(3, 3, 2, 3)")
        assert (output.numpy() == 7).all()
    output = ort.OrtValue.ortvalue_from_numpy(np.zeros((3, 3, 2, 3)))
    binding.bind_ortvalue_output("Y", output)
    with pytest.raises(RuntimeError, match="Unexpected output data type"):
        pooler.run_with_iobinding(binding)


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
        assert_refused_by_onnxruntime((GRAPH, LOAD), attempt)


@pytest.mark.parametrize("count", [0, 1, 299, 301])
def test_scales_and_maps_of_different_number(count):
    scales = helper.make_attribute("spatial_scales", [1.0] * count, attr_type=6)
    assert_refused(
        LOAD,
        "attribute 'spatial_scales'",
        lambda: run("MultiScaleRoiAlign", pyramid(300), spatial_scales=scales),
        f"has {count} elements",
        "300 feature maps",
    )


def test_pyramid_of_mixed_types():
    feeds = pyramid(2, (np.float32, np.float64))
    assert_refused_by_onnxruntime(NO_KERNEL, lambda: session(model("MultiScaleRoiAlign", feeds=feeds)))


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
    assert_refused(RUN, "input 'batch'", lambda: pooler.run(None, feeds), "sum to 2")


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("container", ["sequence_type", "optional_type", "sparse_tensor_type"])
def test_inputs_that_are_no_tensors(operator, container):
    for name in INPUTS[operator]:
        broken = model(operator)
        value = next(v for v in broken.graph.input if v.name == name)
        element = value.type.tensor_type.elem_type
        value.type.Clear()
        holder = getattr(value.type, container)
        if container != "sparse_tensor_type":
            holder = holder.elem_type.tensor_type
        holder.elem_type = element
        assert_refused_by_onnxruntime(GRAPH, lambda broken=broken: session(broken), f"({name})")
