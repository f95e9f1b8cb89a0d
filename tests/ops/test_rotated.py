"""The operators on rotated boxes against their oracles, over generated boxes and attributes; bad inputs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto
from support import TYPES, one_node_model, run, session

import roiops
from roiops import export, reference

TOLERANCE = {"float32": 2e-5, "float64": 1e-12, "float16": 1e-3}
SETTINGS = settings(max_examples=60, deadline=None)
ANGLES = [0.0, np.pi / 2, np.pi, -np.pi / 2, 2 * np.pi, np.pi / 4]
unit_and_way = {"clockwise": st.booleans(), "angle_unit": st.sampled_from(["radians", "degrees"])}


def rotated_boxes(rng, count, extent, angle_unit, dtype):
    """Boxes in and around an image, some without a size, inverted, axis-aligned or on whole pixels."""
    boxes = np.column_stack(
        [
            rng.uniform(-0.2 * extent, 1.2 * extent, (count, 2)),
            np.exp(rng.uniform(np.log(0.1), np.log(2 * extent), (count, 2))),
            rng.uniform(-7, 7, count),
        ]
    )
    boxes[rng.random(count) < 0.1, 2] *= rng.choice([0, -1])
    aligned = rng.random(count) < 0.3
    boxes[aligned] = np.round(boxes[aligned])
    boxes[aligned, 4] = rng.choice(ANGLES, aligned.sum())
    if angle_unit == "degrees":
        boxes[:, 4] = np.rad2deg(boxes[:, 4])
    return boxes.astype(dtype)


@SETTINGS
@given(
    seed=st.integers(0, 2**32 - 1),
    dtype=st.sampled_from(list(TOLERANCE)),
    maps=st.integers(1, 3),
    ratio=st.sampled_from([-1, 0, 1, 2, 3]),
    size=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    aligned=st.booleans(),
    mode=st.sampled_from(["avg", "max"]),
    **unit_and_way,
)
def test_pooling_agrees_with_the_oracle(seed, dtype, maps, ratio, size, aligned, mode, clockwise, angle_unit):
    rng = np.random.default_rng(seed)
    images, channels = rng.integers(1, 3), rng.integers(1, 37)
    xs = [rng.uniform(-1, 1, (images, channels, *rng.integers(1, 40, 2))).astype(dtype) for _ in range(maps)]
    scales = [float(np.float32(rng.choice([1, 0.5, 0.25, 0.3]))) for _ in xs]
    count = rng.integers(0, 7)
    box_type = "float64" if dtype == "float64" else "float32"
    boxes = rotated_boxes(rng, count, 60, angle_unit, box_type)
    batch = rng.integers(0, images, count)
    arguments = {
        "output_size": size,
        "sampling_ratio": ratio,
        "aligned": aligned,
        "mode": mode,
        "clockwise": clockwise,
        "angle_unit": angle_unit,
        "batch_format": "batch_indices",
    }
    if maps == 1:
        model = export.make_roi_align_rotated_model(x_type=TYPES[dtype], spatial_scale=scales[0], **arguments)
        found = run(model, {"X": xs[0], "boxes": boxes, "batch": batch})
        wanted = reference.roi_align_rotated(xs[0], boxes, batch, spatial_scale=scales[0], **arguments)
    else:
        levels = rng.integers(0, maps, count)
        model = export.make_multiscale_roi_align_rotated_model(
            x_type=TYPES[dtype], spatial_scales=scales, **arguments
        )
        feeds = {"boxes": boxes, "batch": batch, "levels": levels}
        found = run(model, {**feeds, **{f"X_{i}": x for i, x in enumerate(xs)}})
        wanted = reference.multiscale_roi_align_rotated(
            xs, boxes, batch, levels, spatial_scales=scales, **arguments
        )
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found.astype(np.float64), wanted, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("width", [300, 3000])
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_large_maps_and_results_agree_with_the_oracle(width, mode):
    # Wider than a tile, so that boxes have tiles of their own, or none; results too large for the cache.
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (1, 3, 700, width)).astype(np.float32)
    boxes = rotated_boxes(rng, 6, 300, "radians", np.float32)
    boxes[0] = [150, 350, 900, 900, 0.6]  # more pixels than a tile
    arguments = {"output_size": 40, "sampling_ratio": 1, "mode": mode, "batch_format": "batch_indices"}
    batch = np.zeros(len(boxes), np.int64)
    model = export.make_roi_align_rotated_model(**arguments)
    found = run(model, {"X": x, "boxes": boxes, "batch": batch})
    np.testing.assert_allclose(
        found, reference.roi_align_rotated(x, boxes, batch, **arguments), rtol=0, atol=2e-5
    )


def test_threads_change_nothing():
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (2, 70, 40, 50)).astype(np.float32)
    feeds = {
        "X": x,
        "boxes": rotated_boxes(rng, 300, 50, "radians", np.float32),
        "batch": np.array([120, 180]),
    }
    model = export.make_roi_align_rotated_model(output_size=7, sampling_ratio=2)
    one, many = (session(model, intra_op_num_threads=n).run(None, feeds)[0] for n in (1, 4))
    assert (one == many).all()


@SETTINGS
@given(
    seed=st.integers(0, 2**32 - 1),
    dtype=st.sampled_from(["float32", "float64"]),
    mode=st.sampled_from(["iou", "iof"]),
    **unit_and_way,
)
def test_overlaps_agree_with_the_oracle(seed, dtype, mode, clockwise, angle_unit):
    rng = np.random.default_rng(seed)
    a, b = (rotated_boxes(rng, rng.integers(0, 12), 20, angle_unit, dtype) for _ in range(2))
    if len(a) and len(b):
        b[0] = a[0]
    found = roiops.box_iou_rotated(a, b, mode, clockwise, angle_unit)
    wanted = reference.box_iou_rotated(a, b, mode, clockwise, angle_unit)
    assert found.shape == (len(a), len(b))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6 if dtype == "float32" else 1e-11)


@SETTINGS
@given(
    seed=st.integers(0, 2**32 - 1),
    dtype=st.sampled_from(["float32", "float64", "float16"]),
    iou=st.sampled_from(["polygon", "gaussian"]),
    suppression=st.sampled_from(["greedy", "fast"]),
    threshold=st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9]),
    score_threshold=st.sampled_from([None, 0.0, 0.4]),
    most=st.integers(-1, 6),
    inclusive=st.booleans(),
    **unit_and_way,
)
def test_suppression_agrees_with_the_oracle(
    seed, dtype, iou, suppression, threshold, score_threshold, most, inclusive, clockwise, angle_unit
):
    rng = np.random.default_rng(seed)
    images, classes, count = rng.integers(1, 3), rng.integers(1, 3), rng.integers(0, 30)
    boxes = np.stack([rotated_boxes(rng, count, 30, angle_unit, dtype) for _ in range(images)])
    scores = np.round(rng.random((images, classes, count)), 1).astype(dtype)
    scores[rng.random(scores.shape) < 0.1] = np.nan
    boxes[rng.random(boxes.shape) < 0.01] = np.nan
    arguments = {
        "iou_threshold": threshold,
        "score_threshold": score_threshold,
        "max_output_boxes_per_class": most,
        "inclusive": inclusive,
        "iou": iou,
        "suppression": suppression,
        "clockwise": clockwise,
        "angle_unit": angle_unit,
    }
    wanted = reference.nms_rotated(boxes, scores, **arguments)
    found = run(nms_model(dtype, **arguments), {"boxes": boxes, "scores": scores})
    np.testing.assert_array_equal(found, wanted)


def nms_model(dtype="float32", **arguments):
    node = export.make_nms_rotated_node("boxes", "scores", "selected", **arguments)
    kind = TYPES[dtype]
    return one_node_model(
        [node],
        [("boxes", kind, [None, None, 5]), ("scores", kind, [None] * 3)],
        [("selected", TensorProto.INT64, [None, 3])],
    )


def test_a_scene_of_many_boxes_keeps_what_pairwise_suppression_keeps():
    rng = np.random.default_rng(3)
    objects = rotated_boxes(rng, 60, 1000, "radians", np.float64)
    objects[:, 2:4] = np.exp(rng.uniform(1, 5, (60, 2)))
    boxes = (objects[rng.integers(0, 60, 900)] + rng.normal(0, [4, 4, 3, 3, 0.1], (900, 5))).astype(
        np.float32
    )
    scores = rng.random(900).astype(np.float32)
    found = roiops.nms_rotated(boxes, scores, 0.3)
    overlap = roiops.box_iou_rotated(boxes.astype(np.float64), boxes.astype(np.float64))
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        if not (overlap[i, kept] > np.float32(0.3)).any():
            kept.append(int(i))
    assert found.tolist() == kept


def test_labels_restrict_suppression():
    rng = np.random.default_rng(4)
    boxes, scores = rotated_boxes(rng, 80, 30, "radians", np.float32), rng.random(80).astype(np.float32)
    labels = rng.integers(-2, 3, 80)
    kept = roiops.nms_rotated(boxes, scores, 0.2, labels=labels)
    each = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    wanted = np.concatenate([rows[roiops.nms_rotated(boxes[rows], scores[rows], 0.2)] for rows in each])
    assert kept.tolist() == wanted[np.argsort(-scores[wanted], kind="stable")].tolist()
    assert roiops.nms_rotated(boxes[:0], scores[:0], 0.2, labels=[]).tolist() == []


def test_both_forms_of_boxes_are_one():
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, (3, 4, 20, 30)).astype(np.float32)
    boxes = rotated_boxes(rng, 8, 30, "radians", np.float32)
    rois = np.column_stack([[0, 0, 1, 1, 1, 2, 2, 2], boxes]).astype(np.float32)
    one = roiops.roi_align_rotated(x, rois, 7, sampling_ratio=2)
    assert (one == roiops.roi_align_rotated(x, boxes, [2, 3, 3], 7, sampling_ratio=2)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((1, 5)), 7), r"^boxes: without .* expected shape \(K, 6\)"),
        ((np.zeros((1, 4)), [1], 7), r"^boxes: expected shape \(K, 5\), got \(1, 4\)"),
        ((np.zeros((1, 5)), [2], 7), "^boxes_num: expected values between 0 and 1"),
        ((np.full((1, 5), np.nan), [1], 7), "^boxes: expected finite values"),
        (([[0.5, 0, 0, 1, 1, 0]], 7), "^boxes: expected the number of an image in column 0"),
        (([[1, 0, 0, 1, 1, 0]], 7), r"^boxes\[:, 0\]: expected values between 0 and 0"),
        ((np.zeros((0, 6)), 0), "^output_size: "),
    ],
)
def test_wrong_arguments_of_pooling_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        roiops.roi_align_rotated(np.zeros((1, 1, 4, 4), np.float32), *arguments)


def test_wrong_arguments_of_the_others_are_named():
    box = np.zeros((1, 5), np.float32)
    with pytest.raises(ValueError, match="^sampling_ratio: expected an int .*1024"):
        roiops.roi_align_rotated(np.zeros((1, 1, 4, 4), np.float32), box, [1], 7, sampling_ratio=1025)
    with pytest.raises(ValueError, match="^iou_threshold: expected a number between 0 and 1, got 2"):
        roiops.nms_rotated(box, np.zeros(1, np.float32), 2)
    with pytest.raises(ValueError, match=r"^scores: expected shape \(1,\)"):
        roiops.nms_rotated(box, np.zeros(2, np.float32), 0.5)
    with pytest.raises(TypeError, match="^labels: expected an integer dtype"):
        roiops.nms_rotated(box, np.zeros(1, np.float32), 0.5, labels=[0.5])
    with pytest.raises(TypeError, match="^b: expected dtype float32"):
        roiops.box_iou_rotated(box, box.astype(np.float64))
    with pytest.raises(ValueError, match=r"^a: expected shape \(A, 5\)"):
        roiops.box_iou_rotated(box[:, :4], box)
