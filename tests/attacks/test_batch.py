"""Box counts, image indices and levels that lie."""

from __future__ import annotations

import numpy as np
import pytest
from attacks.hostile import OPERATORS, RUN, assert_refused, inputs, run

MIN, MAX = -(2**63), 2**63 - 1
MIN32, MAX32 = -(2**31), 2**31 - 1

COUNTS = [
    ([1], "(1)", "(2), the number of images"),
    ([1, 1, 1], "(3)", "(2)"),
    ([], "(0)", "(2)"),
    ([1, 1], "sum to 2", "the number of boxes, 3"),
    ([0, 0], "sum to 0"),
    ([2, 2], "first 2 counts", "3 boxes"),
    ([4, -1], "first 1 counts"),
    ([-1, 4], "element 0 is -1", "negative"),
    ([3, -1], "element 1 is -1"),
    ([3, MIN32], "element 1 is -2147483648"),
    ([MAX32, MAX32], "first 1 counts"),
    ([1, MAX32], "first 2 counts"),
]
COUNTS_64 = [
    ([MIN, 3], "element 0 is -9223372036854775808"),
    ([3, MIN], "element 1 is -9223372036854775808"),
    ([MAX, MAX], "first 1 counts"),
    ([3, MAX], "first 2 counts"),
    ([MAX, 4], "first 1 counts"),  # sums to 3 - 2^63 in 64 bits
    ([2**32 + 1, 2], "first 1 counts"),  # sums to 3 in 32 bits
]
INDICES = [
    ([0, 0], "(2)", "(3), the number of boxes"),
    ([0, 0, 0, 0], "(4)", "(3)"),
    ([0, 1, 2], "element 2 is 2", "one of the 2 images"),
    ([-1, 0, 0], "element 0 is -1"),
    ([0, MIN32, 0], "element 1 is -2147483648"),
    ([0, MAX32, 0], "element 1 is 2147483647"),
]
INDICES_64 = [
    ([MIN, 0, 0], "element 0 is -9223372036854775808"),
    ([0, 0, MAX], "element 2 is 9223372036854775807"),
    ([0, 2**32, 0], "element 1 is 4294967296"),
]
OURS = ("RoiAlign", "MultiScaleRoiAlign")


def refused(operator, name, values, dtype, *words, **attributes):
    feeds = inputs(operator, **{name: np.array(values, dtype)})
    assert_refused(RUN, f"input '{name}'", lambda: run(operator, feeds, **attributes), *words)


@pytest.mark.parametrize("operator", OURS)
@pytest.mark.parametrize(
    ("dtype", "values", "words"),
    [
        *[(dtype, values, words) for dtype in (np.int32, np.int64) for values, *words in COUNTS],
        *[(np.int64, values, words) for values, *words in COUNTS_64],
    ],
)
def test_boxes_num(operator, dtype, values, words):
    refused(operator, "batch", values, dtype, *words)


@pytest.mark.parametrize("operator", OURS)
@pytest.mark.parametrize(
    ("dtype", "values", "words"),
    [
        *[(dtype, values, words) for dtype in (np.int32, np.int64) for values, *words in INDICES],
        *[(np.int64, values, words) for values, *words in INDICES_64],
    ],
)
def test_batch_indices(operator, dtype, values, words):
    refused(operator, "batch", values, dtype, *words, batch_format="batch_indices")


@pytest.mark.parametrize(("values", "words"), [(values, words) for values, *words in INDICES + INDICES_64])
def test_standard_batch_indices(values, words):
    refused("standard RoiAlign", "batch_indices", values, np.int64, *words)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0, 1], ["(2)", "(3), the number of boxes"]),
        ([0, 1, 2], ["element 2 is 2", "one of the 2 feature maps"]),
        ([-1, 0, 0], ["element 0 is -1"]),
        ([0, MIN, 0], ["element 1 is -9223372036854775808"]),
        ([0, 0, MAX], ["element 2 is 9223372036854775807"]),
        ([0, 2**32, 0], ["element 1 is 4294967296"]),
    ],
)
def test_levels(values, words):
    refused("MultiScaleRoiAlign", "levels", values, np.int64, *words)


@pytest.mark.parametrize("operator", OPERATORS)
def test_images_without_boxes(operator):
    if operator == "standard RoiAlign":
        feeds = inputs(operator, batch_indices=np.array([1, 1, 1]))
    else:
        feeds = inputs(operator, batch=np.array([0, 3]))
    assert run(operator, feeds).shape == (3, 3, 2, 3)
