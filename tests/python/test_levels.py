"""roiops.levels gives what the nodes of roiops.export give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

import roiops
from roiops import export, levels, reference

RULES = ["torchvision", "detectron2", "mmdet", "paddle"]
POWERS = [7 * 2.0**i for i in range(12)]  # 224 = 7 * 32 and 56 = 7 * 8: where levels change
SIDES = POWERS + [float(np.nextafter(np.float32(side), np.float32(0))) for side in POWERS]


def by_nodes(rule, boxes, **parameters):
    nodes = getattr(export, f"make_{rule}_level_nodes")("boxes", "levels", **parameters)
    graph = helper.make_graph(
        nodes,
        "levels",
        [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("levels", TensorProto.INT64, [None])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with np.errstate(all="ignore"):
        return ReferenceEvaluator(model).run(None, {"boxes": boxes})[0]


@pytest.mark.parametrize("rule", RULES)
@given(st.lists(st.tuples(*[st.one_of(st.floats(-2e3, 2e3, width=32), st.sampled_from(SIDES))] * 4)))
def test_levels_are_those_of_the_nodes(rule, rows):
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    found = getattr(levels, rule)(boxes)
    assert found.dtype == np.int64 and found.shape == (len(rows),)
    np.testing.assert_array_equal(found, by_nodes(rule, boxes))


def test_every_level_occurs_and_changes_at_its_border():
    boxes = np.array([[0, 0, side, side] for side in sorted(SIDES)], np.float32)
    for rule in RULES:
        found = getattr(levels, rule)(boxes)
        assert set(found) == {0, 1, 2, 3} and (np.diff(found) >= 0).all()
        np.testing.assert_array_equal(found, by_nodes(rule, boxes))


@pytest.mark.parametrize(
    ("rule", "parameters"),
    [
        ("torchvision", {"min_level": 3, "max_level": 6, "canonical_size": 100, "canonical_level": 5}),
        ("detectron2", {"min_level": 1, "max_level": 3, "canonical_size": 96.5}),
        ("mmdet", {"num_levels": 3, "finest_scale": 50}),
        ("paddle", {"refer_level": 3, "refer_scale": 112, "pixel_offset": True}),
    ],
)
def test_parameters(rule, parameters):
    boxes = np.array([[5, 3, 5 + a, 3 + b] for a in SIDES for b in SIDES], np.float32)
    np.testing.assert_array_equal(
        getattr(levels, rule)(boxes, **parameters), by_nodes(rule, boxes, **parameters)
    )


@pytest.mark.parametrize(
    ("rule", "change", "kind", "message"),
    [
        ("torchvision", {"min_level": 6}, ValueError, "^max_level: "),
        ("detectron2", {"canonical_size": 0}, ValueError, "^canonical_size: "),
        ("mmdet", {"num_levels": 0}, ValueError, "^num_levels: "),
        ("paddle", {"pixel_offset": 1}, TypeError, "^pixel_offset: "),
        ("paddle", {"boxes": [[0, 0, 1]]}, ValueError, r"^boxes: expected shape \(K, 4\)"),
        ("torchvision", {"boxes": [[0, 0, 1, np.nan]]}, ValueError, "^boxes: expected finite"),
    ],
)
def test_wrong_arguments_are_refused_by_name(rule, change, kind, message):
    with pytest.raises(kind, match=message):
        getattr(levels, rule)(**{"boxes": [[0, 0, 1, 1]], **change})


def test_a_pyramid_is_pooled_by_them():
    rng = np.random.default_rng(0)
    xs = [rng.standard_normal((1, 2, 64 >> i, 64 >> i)).astype(np.float32) for i in range(4)]
    boxes = np.array([[0, 0, side, side] for side in (20, 130, 250, 500)], np.float32)
    scales = [1 / 4, 1 / 8, 1 / 16, 1 / 32]
    chosen = levels.torchvision(boxes)
    assert chosen.tolist() == [0, 1, 2, 3]
    y = roiops.multiscale_roi_align(xs, boxes, [4], chosen, 3, scales)
    expected = reference.multiscale_roi_align(xs, boxes, [4], chosen, 3, scales)
    np.testing.assert_allclose(y, expected, atol=1e-5)
