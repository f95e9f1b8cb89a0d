"""Exports of Paddle layers and saved models against Paddle itself.

Needs paddlepaddle and paddle2onnx:
pytest tests/interop/test_export_paddle.py -o addopts=--import-mode=importlib
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

paddle = pytest.importorskip("paddle")
pytest.importorskip("paddle2onnx")

from paddle.static import InputSpec  # noqa: E402
from paddle_heads import (  # noqa: E402
    COUNTS,
    PLAIN,
    PYRAMID,
    Distribute,
    Pooler,
    Reused,
    Trained,
    TwoSets,
    Variants,
    boxes_of,
    inputs_of,
    roi_operators,
)
from support import session  # noqa: E402

from roiops.export.paddle import export  # noqa: E402

BOXES_NUM = [[6], [3, 5], [0, 4, 0], [1, 0, 7, 2], [0], [0, 0]]


def by_paddle(layer, inputs):
    layer.eval()
    results = layer(*(paddle.to_tensor(value) for value in inputs.values()))
    return [result.numpy() for result in (results if isinstance(results, (list, tuple)) else [results])]


def check(layer, model, inputs, **options):
    expected = by_paddle(layer, inputs)
    results = session(model, **options).run(None, inputs)
    assert len(results) == len(expected)
    for result, want in zip(results, expected):
        assert result.shape == want.shape and result.dtype == want.dtype
        np.testing.assert_allclose(result, want, rtol=0, atol=1e-5)


@functools.cache
def variants():
    paddle.seed(0)
    layer = Variants()
    return layer, *export(layer, PLAIN)


@functools.cache
def pooler(pixel_offset, portable=False):
    paddle.seed(0)
    layer = Pooler(pixel_offset)
    return layer, *export(layer, PYRAMID, portable=portable)


@pytest.mark.parametrize("boxes_num", BOXES_NUM)
def test_several_roi_aligns_keep_their_own_attributes(boxes_num):
    layer, model, _ = variants()
    check(layer, model, inputs_of(PLAIN, boxes_num, seed=len(boxes_num)))


def test_the_report_has_every_roi_align():
    _, model, report = variants()
    assert roi_operators(model) == {"roiops::RoiAlign": 6}
    found = [(entry.parameters["aligned"], entry.parameters["ratio"]) for entry in report]
    assert found == [(True, -1), (False, -1), (True, 0), (False, 0), (True, 2), (False, 2)]
    assert {entry.action for entry in report} == {"replaced"}
    assert [value.name for value in model.graph.input] == ["x", "boxes", "boxes_num"]


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_sets_of_boxes_have_their_own_counts(kind):
    spec = [
        InputSpec([-1, 2, 16, 24], kind, "x"),
        InputSpec([-1, 4], kind, "boxes"),
        COUNTS,
        InputSpec([-1, 4], kind, "others"),
        InputSpec([-1], "int64", "others_num"),
    ]
    layer = TwoSets()
    inputs = {
        "x": np.random.default_rng(0).uniform(size=(3, 2, 16, 24)).astype(kind),
        "boxes": boxes_of(6).astype(kind),
        "boxes_num": np.array([1, 2, 3], np.int32),
        "others": boxes_of(4, seed=1).astype(kind),
        "others_num": np.array([3, 0, 1], np.int64),
    }
    check(layer, export(layer, spec)[0], inputs)


@pytest.mark.parametrize("boxes_num", [*BOXES_NUM, [150, 0, 90]])
@pytest.mark.parametrize("pixel_offset", [False, True])
def test_pooler(pixel_offset, boxes_num):
    layer, model, _ = pooler(pixel_offset)
    check(layer, model, inputs_of(PYRAMID, boxes_num, seed=len(boxes_num)))


def test_pooler_is_fused():
    _, model, report = pooler(False)
    assert roi_operators(model) == {"roiops::MultiScaleRoiAlign": 2}
    assert report.count("fused") == 2 + 6 and report.warnings == []


def test_pooler_without_the_plugin():
    layer, model, _ = pooler(False, portable=True)
    check(layer, model, inputs_of(PYRAMID, [3, 0, 4]), plugin=False)


@functools.cache
def distribute():
    layer = Distribute()
    return layer, export(layer, PLAIN)[0]


@pytest.mark.parametrize("boxes_num", [[30, 0, 20], [0, 0], [1], [0, 9]])
def test_every_result_of_distribute(boxes_num):
    layer, model = distribute()
    check(layer, model, inputs_of(PLAIN, boxes_num, seed=1))


def test_pooled_boxes_as_map_and_boxes_of_the_layer():
    layer = Reused()
    model, report = export(layer, PLAIN)
    assert len(list(report)) == 2
    check(layer, model, inputs_of(PLAIN, [1, 1]))


@pytest.mark.parametrize("training", [True, False])
def test_a_layer_is_exported_for_inference_and_stays_as_it_is(training):
    layer = Trained()
    layer.train() if training else layer.eval()
    layer.dropout.eval()
    model, _ = export(layer, PLAIN)
    assert [layer.training, layer.norm.training, layer.dropout.training] == [training, training, False]
    check(layer, model, inputs_of(PLAIN, [2, 3]))


def test_wrong_counts_are_an_error():
    _, model, _ = pooler(False)
    inputs = inputs_of(PYRAMID, [3, 2])
    for wrong in ([3, 1], [3, 3], [-1, 6], [5]):
        with pytest.raises(Exception, match="MultiScaleRoiAlign.*input 'batch'"):
            session(model).run(None, {**inputs, "boxes_num": np.array(wrong, np.int32)})


def test_tensors_as_input_spec_and_opsets():
    layer = Variants()
    inputs = inputs_of(PLAIN, [2, 1])
    example = [paddle.to_tensor(value) for value in inputs.values()]
    model, _ = export(layer, example, opset_version=14)
    assert model.opset_import[0].version == 14
    feeds = dict(zip((value.name for value in model.graph.input), inputs.values()))
    expected = by_paddle(layer, inputs)
    for result, want in zip(session(model).run(None, feeds), expected):
        np.testing.assert_allclose(result, want, rtol=0, atol=1e-5)
