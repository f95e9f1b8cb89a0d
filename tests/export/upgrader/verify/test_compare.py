"""Verdicts on outputs: what is equal, what proves nothing, and which rows may change places."""

from __future__ import annotations

import numpy as np
import pytest

from roiops.export.upgrader.verdict import Verification
from roiops.export.upgrader.verify.compare import compare
from roiops.export.upgrader.verify.detections import find_detections

SCORES = np.array([0.9, 0.5, 0.5, 0.5, 0.1], np.float32)
BOXES = np.arange(20, dtype=np.float32).reshape(5, 4)
LABELS = np.array([1, 2, 3, 4, 5])
NAMES = ["boxes", "labels", "scores"]


def verdicts(expected, found, names=NAMES) -> list[str]:
    return [v.verdict for v in compare(names, expected, found, 1e-4)]


def one(expected, found) -> tuple[str, str]:
    (verdict,) = compare(["y"], [np.asarray(expected)], [np.asarray(found)], 1e-4)
    return verdict.verdict, verdict.reason


@pytest.mark.parametrize(
    ("expected", "found", "verdict"),
    [
        ([1.0, 100.0], [1.0, 100.009], "equal"),
        ([1.0, 100.0], [1.0, 100.011], "mismatch"),
        ([1, 2], [1, 3], "mismatch"),
        ([True, False], [True, True], "mismatch"),
        ([1.0, 2.0], [[1.0, 2.0]], "mismatch"),
        ([1.0], np.array([1.0], np.float32), "mismatch"),
        ([1.0, np.nan], [1.0, np.nan], "unproved"),
        ([1.0, np.nan], [1.0, 2.0], "mismatch"),
        ([1.0, np.inf], [1.0, -np.inf], "mismatch"),
        ([0.0, 0.0], [0.0, 0.0], "unproved"),
        (np.zeros((0, 4)), np.zeros((0, 4)), "unproved"),
        (np.zeros((0, 4)), np.ones((1, 4)), "mismatch"),
        (np.array([1.0], np.float16), np.array([1.003], np.float16), "equal"),
        (np.array(["a"], object), np.array(["a"], object), "equal"),
        (np.array(["a"], object), np.array(["b"], object), "mismatch"),
    ],
)
def test_one_output(expected, found, verdict):
    assert one(expected, found)[0] == verdict


def test_ties_may_change_places_all_outputs_together():
    order = [0, 3, 1, 2, 4]
    found = [BOXES[order], LABELS[order], SCORES[order]]
    assert verdicts([BOXES, LABELS, SCORES], found) == ["equal"] * 3
    found[1] = LABELS
    assert "mismatch" in verdicts([BOXES, LABELS, SCORES], found)


def test_rows_that_do_not_tie_may_not():
    order = [1, 0, 2, 3, 4]
    assert verdicts([BOXES, LABELS, SCORES], [BOXES[order], LABELS[order], SCORES])[0] == "mismatch"


def test_ties_need_a_matching_not_a_greedy_choice():
    """Row 0 agrees with both rows, row 1 with the first only."""
    scores = np.array([0.5, 0.5], np.float32)
    expected = np.array([[1000.0], [1000.09]], np.float32)
    found = np.array([[1000.05], [999.95]], np.float32)
    names = ["boxes", "scores"]
    assert [v.verdict for v in compare(names, [expected, scores], [found, scores], 1e-4)] == ["equal"] * 2


def test_a_row_twice_is_no_permutation():
    found = [BOXES[[0, 1, 1, 3, 4]], LABELS[[0, 1, 1, 3, 4]], SCORES]
    assert verdicts([BOXES, LABELS, SCORES], found)[:2] == ["mismatch"] * 2


def test_no_detections_prove_nothing():
    empty = [BOXES[:0], LABELS[:0], SCORES[:0]]
    found = compare(NAMES, empty, empty, 1e-4)
    assert {v.verdict for v in found} == {"unproved"}
    assert "0 detections: this proves nothing about the boxes; give --input" in found[0].reason


def test_several_images_with_as_many_detections():
    outputs = [BOXES, LABELS, SCORES, BOXES + 1, LABELS, SCORES]
    assert [group.members for group in find_detections(outputs)] == [(0, 1, 2), (3, 4, 5)]


def test_the_strongest_verdict_of_several_inputs_counts():
    verification = Verification(1e-4)
    empty = [BOXES[:0], LABELS[:0], SCORES[:0]]
    verification.add(compare(NAMES, empty, empty, 1e-4))
    assert verification.status == 3
    verification.add(compare(NAMES, [BOXES, LABELS, SCORES], [BOXES, LABELS, SCORES], 1e-4))
    assert verification.status == 0
    verification.add(compare(NAMES, [BOXES, LABELS, SCORES], [BOXES + 1, LABELS, SCORES], 1e-4))
    verification.add(compare(NAMES, empty, empty, 1e-4))
    assert verification.status == 1 and Verification(1e-4).status == 3


# What a right upgrade was seen to do passes, a hundred times that does not.
@pytest.mark.parametrize(
    ("output", "seen"), [("boxes", 5e-7), ("scores", 6e-6), ("masks", 1.1e-4), ("values", 3e-6)]
)
def test_every_kind_of_output_has_its_tolerance(output, seen):
    random = np.random.default_rng(0)
    outputs = {
        "boxes": random.random((5, 4)) * 1000,
        "labels": np.arange(5),
        "scores": np.sort(random.random(5))[::-1],
        "masks": random.random((5, 1, 28, 28)),
        "values": random.random(7),
    }
    for times, verdict in ((1, "equal"), (100, "mismatch")):
        changed = dict(outputs)
        changed[output] = outputs[output] + times * seen * np.abs(outputs[output]).max()
        verdicts = compare(list(outputs), list(outputs.values()), list(changed.values()))
        assert {v.output: v.verdict for v in verdicts} == {**dict.fromkeys(outputs, "equal"), output: verdict}


def test_features_alone_are_not_taken_for_masks():
    pooled = np.random.default_rng(0).random((5, 4, 7, 7))
    assert [v.verdict for v in compare(["pooled"], [pooled], [pooled + 5e-4])] == ["mismatch"]
