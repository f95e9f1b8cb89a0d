"""The level formulas in ONNX Runtime against each framework's formula in float32 NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, checker
from support import one_node_model, run

from roiops import export

F = np.float32


def levels_of(nodes, boxes, opset=16):
    kind = {"float16": TensorProto.FLOAT16, "float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}
    model = one_node_model(
        nodes,
        [("boxes", kind[boxes.dtype.name], [None, 4])],
        [("levels", TensorProto.INT64, [None])],
        opset,
    )
    checker.check_model(model, full_check=True)
    return run(model, {"boxes": boxes}, plugin=False)


def area(boxes, extra=0):
    return (boxes[:, 2] - boxes[:, 0] + F(extra)) * (boxes[:, 3] - boxes[:, 1] + F(extra))


def torchvision(boxes):
    level = np.floor(F(4) + np.log2(np.sqrt(area(boxes)) / F(224)) + F(1e-6))
    return np.clip(level, 2, 5).astype(np.int64) - 2


def detectron2(boxes):
    level = np.floor(F(4) + np.log2(np.sqrt(area(boxes)) / F(224) + F(1e-8)))
    return np.clip(level, 2, 5).astype(np.int64) - 2


def mmdet(boxes):
    level = np.floor(np.log2(np.sqrt(area(boxes)) / F(56) + F(1e-6)))
    return np.clip(level, 0, 3).astype(np.int64)


def paddle(boxes, pixel_offset=False):
    inverted = (boxes[:, 2] < boxes[:, 0]) | (boxes[:, 3] < boxes[:, 1])
    size = np.sqrt(np.where(inverted, F(0), area(boxes, pixel_offset)))
    level = np.floor(np.log2(size / F(224) + F(1e-6)) + F(4))
    return np.clip(level, 2, 5).astype(np.int64) - 2


def upright_boxes():
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 500, (3000, 2))
    random = np.hstack([corner, corner + np.exp(rng.uniform(0, 7.5, (3000, 2)))])
    powers = 2.0 ** np.arange(0, 12)
    exact = [[0, 0, a * 7, b * 7] for a in powers for b in powers]  # 224 = 7 * 32, 56 = 7 * 8
    boxes = np.vstack([random, exact]).astype(F)
    near = boxes[-len(exact) :].copy()
    near[:, 2:] = np.nextafter(near[:, 2:], F(0))
    return np.vstack([boxes, near])


FORMULAS = [
    (export.make_torchvision_level_nodes, torchvision),
    (export.make_detectron2_level_nodes, detectron2),
    (export.make_mmdet_level_nodes, mmdet),
    (export.make_paddle_level_nodes, paddle),
]


@pytest.mark.parametrize(("make", "formula"), FORMULAS)
@pytest.mark.parametrize("opset", [11, 17, 20])
def test_levels_are_the_frameworks(make, formula, opset):
    boxes = upright_boxes()
    expected = formula(boxes)
    assert set(expected) == {0, 1, 2, 3}
    np.testing.assert_array_equal(levels_of(make("boxes", "levels"), boxes, opset), expected)


def test_paddle_pixel_offset_and_inverted_boxes():
    boxes = upright_boxes()
    boxes[::3] = boxes[::3][:, [2, 1, 0, 3]]
    boxes[::6] = boxes[::6][:, [0, 3, 2, 1]]
    for offset in (False, True):
        nodes = export.make_paddle_level_nodes("boxes", "levels", pixel_offset=offset)
        with np.errstate(divide="ignore"):
            np.testing.assert_array_equal(levels_of(nodes, boxes), paddle(boxes, offset))


def test_the_formulas_differ_where_their_epsilons_do():
    just_below = np.array([[0, 0, 112 - 5e-5, 112 - 5e-5]], F)
    levels = [levels_of(make("boxes", "levels"), just_below).item() for make, _ in FORMULAS]
    assert levels == [1, 0, 1, 1]


@pytest.mark.parametrize(("make", "formula"), FORMULAS)
def test_areas_without_a_level_go_to_the_finest_map(make, formula):
    boxes = np.array([[5, 0, 0, 900], [3, 3, 3, 3], [np.nan, 0, 900, 900], [-3e38, 0, 3e38, 0]], F)
    np.testing.assert_array_equal(levels_of(make("boxes", "levels"), boxes), [0, 0, 0, 0])
    huge = np.array([[-3e38, -3e38, 3e38, 3e38]], F)
    np.testing.assert_array_equal(levels_of(make("boxes", "levels"), huge), [3])


@pytest.mark.parametrize(("make", "formula"), FORMULAS)
def test_no_boxes_and_other_dtypes(make, formula):
    nodes = make("boxes", "levels")
    assert levels_of(nodes, np.empty((0, 4), F)).shape == (0,)
    boxes = np.array([[0, 0, 300, 300], [0, 0, 30, 40]])
    for dtype in (np.float16, np.float64):
        np.testing.assert_array_equal(levels_of(nodes, boxes.astype(dtype)), formula(boxes.astype(F)))


def test_parameters_of_the_pyramid():
    boxes = np.array([[0, 0, s, s] for s in (10, 50, 100, 200, 400, 800)], F)
    nodes = export.make_torchvision_level_nodes(
        "boxes", "levels", min_level=3, max_level=6, canonical_size=100, canonical_level=4
    )
    np.testing.assert_array_equal(levels_of(nodes, boxes), [0, 0, 1, 2, 3, 3])
    nodes = export.make_mmdet_level_nodes("boxes", "levels", num_levels=3, finest_scale=50)
    np.testing.assert_array_equal(levels_of(nodes, boxes), [0, 0, 1, 2, 2, 2])


@pytest.mark.parametrize(
    ("make", "change", "kind"),
    [
        (export.make_torchvision_level_nodes, {"min_level": 6}, ValueError),
        (export.make_torchvision_level_nodes, {"canonical_size": 0}, ValueError),
        (export.make_torchvision_level_nodes, {"canonical_level": 4.5}, TypeError),
        (export.make_detectron2_level_nodes, {"max_level": 1}, ValueError),
        (export.make_mmdet_level_nodes, {"num_levels": 0}, ValueError),
        (export.make_mmdet_level_nodes, {"finest_scale": "56"}, TypeError),
        (export.make_paddle_level_nodes, {"pixel_offset": 1}, TypeError),
        (export.make_paddle_level_nodes, {"refer_scale": -224}, ValueError),
        (export.make_paddle_level_nodes, {"levels": ""}, ValueError),
        (export.make_paddle_level_nodes, {"boxes": 1}, TypeError),
    ],
)
def test_wrong_arguments_are_refused(make, change, kind):
    with pytest.raises(kind):
        make(**{"boxes": "boxes", "levels": "levels", **change})


def test_two_poolers_in_one_graph_have_their_own_values():
    first = export.make_torchvision_level_nodes("boxes", "a")
    second = export.make_torchvision_level_nodes("boxes", "b")
    outputs = [name for node in first + second for name in node.output]
    assert len(outputs) == len(set(outputs))
