"""Ranks 0 to 6, extents that do not fit, extents of 0 beside extents near 2^63."""

from __future__ import annotations

import numpy as np
import pytest
from attacks.hostile import (
    BOXES,
    INPUTS,
    NODE,
    OPERATORS,
    RUN,
    X,
    assert_refused,
    errors,
    inputs,
    model,
    needs_bad_alloc,
    run,
    session,
    untyped_shape,
    wrapped,
)
from onnx import helper

INT64_MAX = 2**63 - 1
MAPS = {"RoiAlign": "X", "MultiScaleRoiAlign": "X_1", "standard RoiAlign": "X"}
BOX_INPUTS = {"RoiAlign": "boxes", "MultiScaleRoiAlign": "boxes", "standard RoiAlign": "rois"}
BATCH_INPUTS = {"RoiAlign": "batch", "MultiScaleRoiAlign": "batch", "standard RoiAlign": "batch_indices"}


def refused(operator: str, name: str, value: np.ndarray, *words: str, **others: np.ndarray) -> None:
    feeds = inputs(operator, **{name: value}, **others)
    assert_refused(RUN, f"input '{name}'", lambda: run(operator, feeds), *words)


def text(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("rank", range(7))
def test_rank(operator, rank):
    shape = (2, 3, 4, 4, 1, 1)[:rank]
    if rank != 4:
        value = np.ones(shape, np.float32)
        refused(operator, MAPS[operator], value, text(shape), "4 dimensions (N, C, H, W)")
    if rank != 2:
        value = np.ones(shape, np.float32)
        refused(operator, BOX_INPUTS[operator], value, text(shape), "(number of boxes, 4)")
    if rank != 1:
        value = np.ones(shape, np.int64)
        refused(operator, BATCH_INPUTS[operator], value, text(shape), "it must be (")
        if operator == "MultiScaleRoiAlign":
            refused(operator, "levels", value, text(shape), "it must be (3), the number of boxes")


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize(
    "shape",
    [
        *[(1,) * rank for rank in range(1, 7)],
        (0,) * 4,
        (2**62,) * 4,
        (2**31, 2**31),
        (3, 5),
        (-5, -1, -7, -2),
    ],
)
def test_shapes_that_the_model_declares(operator, shape):
    """Inferring the output's shape from them harms nobody: the run refuses what is fed, or pools it."""
    for name, value in INPUTS[operator].items():
        lying = model(operator)
        info = next(info for info in lying.graph.input if info.name == name)
        info.CopyFrom(helper.make_tensor_value_info(name, info.type.tensor_type.elem_type, shape))
        try:
            y = session(lying).run(None, INPUTS[operator])[0]
        except RUN as error:
            assert f"input: {name}" in str(error)
        else:
            assert len(shape) == value.ndim
            np.testing.assert_array_equal(y, run(operator))


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("width", [0, 1, 3, 5, 2**40])
def test_boxes_not_of_four_numbers(operator, width):
    shape = (0 if width > 5 else 3, width)
    refused(operator, BOX_INPUTS[operator], np.ones(shape, np.float32), text(shape), "(number of boxes, 4)")


def run_on_shape(shape: tuple[int, ...]) -> np.ndarray:
    """Pools from a map that the model makes: of shapes without elements NumPy has fewer than ONNX Runtime."""
    feeds = {"shape": np.array(shape), "boxes": BOXES, "batch": np.zeros(3, np.int64)}
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["X"], name="fill"),
        helper.make_node(
            "RoiAlign",
            ["X", "boxes", "batch"],
            ["Y"],
            name=NODE,
            domain="roiops",
            batch_format="batch_indices",
            output_height=1,
            output_width=1,
        ),
    ]
    kinds = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in feeds.items()}
    infos = [untyped_shape(name, kind) for name, kind in kinds.items()]
    graph = helper.make_graph(nodes, "g", infos, [untyped_shape("Y", kinds["boxes"])])
    return session(wrapped(graph)).run(None, feeds)[0]


@pytest.mark.parametrize(
    "shape", [(2, 0, 2**31, 1), (2, 0, 1, 2**62), (2, 1, 2**31, 0), (2, 1, 0, INT64_MAX)]
)
def test_extents_of_maps_without_elements(shape):
    assert_refused(RUN, "input 'X'", lambda: run_on_shape(shape), text(shape), "below 2^31")


@pytest.mark.parametrize("shape", [(2**62, 3, 0, 1), (2, INT64_MAX, 0, 0), (2**31, 2**31, 2, 0)])
def test_products_that_overflow_are_refused_by_onnx_runtime_or_by_us(shape):
    with pytest.raises((errors.Fail, errors.RuntimeException, RUN), match="fill|fewer than 2\\^63"):
        run_on_shape(shape)


def test_many_images_without_pixels():
    y = run_on_shape((2**40, 2**20, 1, 0))
    assert y.shape == (3, 2**20, 1, 1)
    assert not y.any()


@needs_bad_alloc
def test_output_larger_than_memory_by_its_channels():
    assert_refused(RUN, "output 0", lambda: run_on_shape((2, 2**50, 0, 1)), str(2**50), "cannot be")


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize(
    "shape",
    [(2, 3, 0, 9), (2, 3, 8, 0), (2, 3, 0, 0), (2, 0, 8, 9), (2, 3, 0, 2**31 - 1), (2, 3, 2**31 - 1, 0)],
)
def test_empty_maps_give_zeros(operator, shape):
    x = np.empty(shape, np.float32)
    maps = {"X_0": x, "X_1": x} if operator == "MultiScaleRoiAlign" else {"X": x}
    y = run(operator, inputs(operator, **maps))
    assert y.shape == (3, shape[1], 2, 3)
    assert not y.any()


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("images", [0, 2])
def test_no_boxes(operator, images):
    batch = np.zeros(0 if operator == "standard RoiAlign" else images, np.int64)
    changes = {BOX_INPUTS[operator]: BOXES[:0], BATCH_INPUTS[operator]: batch}
    if operator == "MultiScaleRoiAlign":
        changes.update(levels=np.zeros(0, np.int64), X_0=X[:images], X_1=X[:images])
    else:
        changes["X"] = X[:images]
    for size in (1, 2**31 - 1):
        y = run(operator, inputs(operator, **changes), output_height=size, output_width=1)
        assert y.shape == (0, 3, size, 1)


@pytest.mark.parametrize("operator", OPERATORS)
def test_boxes_without_images(operator):
    no_images = {"X_0": X[:0], "X_1": X[:0]} if operator == "MultiScaleRoiAlign" else {"X": X[:0]}
    name = BATCH_INPUTS[operator]
    batch = np.zeros(3 if operator == "standard RoiAlign" else 0, np.int64)
    refused(operator, name, batch, "must", **no_images)


@pytest.mark.parametrize("change", [{"X_1": X[:1]}, {"X_1": X[:, :2]}, {"X_1": X[:, :0]}])
def test_pyramids_of_unequal_maps(change):
    refused(
        "MultiScaleRoiAlign", "X_1", change["X_1"], "all feature maps must have the 2 images of 3 channels"
    )


def test_long_thin_maps():
    for shape in ((1, 1, 1, 2**20), (1, 1, 2**20, 1)):
        x = np.ones(shape, np.float32)
        boxes = np.array([[-10, -10, 2**21, 2**21]], np.float32)
        feeds = {"X": x, "boxes": boxes, "batch": np.array([1])}
        for mode in ("avg", "max"):
            for ratio in (-1, 1000):
                y = run("RoiAlign", feeds, mode=mode, sampling_ratio=ratio)
                assert (y >= 0).all() and (y <= 1).all()
                assert ratio > 0 or y.any()  # few samples may all miss the one row
