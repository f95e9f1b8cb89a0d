"""The operators on a GPU against the float64 oracle."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from cuda_cases import TOLERANCES, Case
from cuda_sessions import case_feeds, case_model, cuda_session, needs_cuda
from onnx import TensorProto, helper
from support import TYPES, one_node_model

from roiops import export, reference

pytestmark = needs_cuda


def expected(case: Case) -> np.ndarray:
    levels = np.zeros(len(case.boxes), np.int64) if case.levels is None else case.levels
    return reference.multiscale_roi_align(
        case.xs,
        case.reference_boxes,
        case.batch,
        levels,
        case.output_size,
        case.scales,
        case.ratio,
        case.aligned,
        mode=case.mode,
        batch_format=case.batch_format,
    )


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_random_cases_match_the_reference(dtype, mode):
    for seed in range(30):
        case = Case(seed, dtype, mode, maps=1 + seed % 3)
        y = cuda_session(case_model(case)).run(None, case_feeds(case))[0]
        assert case.error(y, expected(case)) <= TOLERANCES[dtype], f"seed {seed}"


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_standard_nodes_under_the_override(dtype, mode):
    kind = TYPES[dtype]
    outer = TensorProto.DOUBLE if dtype == "float64" else TensorProto.FLOAT
    nodes = [
        helper.make_node("Cast", ["X"], ["x"], to=kind),
        helper.make_node("Cast", ["rois"], ["r"], to=kind),
        helper.make_node(
            "RoiAlign", ["x", "r", "i"], ["y"], output_height=3, output_width=5, sampling_ratio=2, mode=mode
        ),
        helper.make_node("Cast", ["y"], ["Y"], to=outer),
    ]
    inputs = [("X", outer, [None] * 4), ("rois", outer, [None, 4]), ("i", TensorProto.INT64, [None])]
    model = one_node_model(nodes, inputs, [("Y", outer, [None] * 4)], opset=22)
    case = Case(3, dtype, mode)
    x = case.xs[0]
    boxes = np.array([[1, 2, 9, 7], [0, 0, 3.5, 30], [-2, -3, 4, 4]]).astype(x.dtype)
    indices = np.zeros(3, np.int64)
    wide = np.float64 if dtype == "float64" else np.float32
    session = cuda_session(model, override=True)
    y = session.run(None, {"X": x.astype(wide), "rois": boxes.astype(wide), "i": indices})[0]
    rule = "max_corners" if mode == "max" else "avg"
    oracle_boxes = boxes if dtype == "float64" else boxes.astype(np.float32)
    oracle = reference.roi_align(
        x, oracle_boxes, indices, (3, 5), 1.0, 2, mode=rule, batch_format="batch_indices"
    )
    assert case.error(y, oracle) <= TOLERANCES[dtype]


def roi_align_session(**attributes):
    return cuda_session(export.make_roi_align_model(output_size=2, **attributes))


def test_boxes_that_cannot_be_located_give_zeros():
    x = np.ones((2, 3, 6, 6), np.float32)
    boxes = np.tile(np.array([1, 1, 5, 5], np.float32), (5, 1))
    boxes[1, 2] = np.nan
    session = roi_align_session(batch_format="batch_indices")
    y = session.run(None, {"X": x, "boxes": boxes, "batch": np.array([0, 0, 2, -1, 1])})[0]
    assert [row.mean() for row in y] == [1, 0, 0, 0, 1]


@pytest.mark.parametrize("counts", [[2, 1], [2, 3], [5, -1]])
def test_wrong_counts_give_zeros(counts):
    x = np.ones((2, 1, 6, 6), np.float32)
    boxes = np.tile(np.array([1, 1, 5, 5], np.float32), (4, 1))
    feeds = {"X": x, "boxes": boxes, "batch": np.array(counts)}
    assert not roi_align_session().run(None, feeds)[0].any()


@pytest.mark.parametrize("shape", [(1, 3, 0, 5), (1, 0, 5, 5)])
def test_empty_maps(shape):
    feeds = {
        "X": np.zeros(shape, np.float32),
        "boxes": np.array([[0, 0, 4, 4]], np.float32),
        "batch": np.array([1]),
    }
    y = roi_align_session().run(None, feeds)[0]
    assert y.shape == (1, shape[1], 2, 2)
    assert not y.any()


def test_no_boxes():
    feeds = {
        "X": np.ones((1, 3, 5, 5), np.float32),
        "boxes": np.zeros((0, 4), np.float32),
        "batch": np.array([0]),
    }
    assert roi_align_session().run(None, feeds)[0].shape == (0, 3, 2, 2)


@pytest.mark.parametrize(
    ("boxes", "batch", "message"),
    [
        (np.zeros((2, 5), np.float32), [2], "'boxes'"),
        (np.zeros((2, 4), np.float32), [1, 1], "'batch'"),
    ],
)
def test_wrong_shapes_are_errors(boxes, batch, message):
    model = export.make_roi_align_model(output_size=2)
    model.graph.input[1].type.tensor_type.shape.dim[1].dim_param = "sides"
    feeds = {"X": np.ones((1, 1, 4, 4), np.float32), "boxes": boxes, "batch": np.array(batch)}
    with pytest.raises(Exception, match=message):
        cuda_session(onnx.ModelProto.FromString(model.SerializeToString())).run(None, feeds)
