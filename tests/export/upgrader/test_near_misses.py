"""Poolers that look like a pyramid and are not: they stay, the reason is given, the results stay right."""

from __future__ import annotations

import numpy as np
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
from pyramids import feeds, operators, parse, pyramid
from support import session

from roiops.export import upgrade

TWO_OUTPUTS = {"float[M,2,3,3] y)": "float[M,2,3,3] y, float[P,2,3,3] extra)"}
# name: (merge, edits of the text, part of the reason)
CASES = {
    "another ratio": (
        "nd",
        {"sampling_ratio = 2, spatial_scale = 0.5": "sampling_ratio = 1, spatial_scale = 0.5"},
        "sampling_ratio differs",
    ),
    "one level not aligned": (
        "nd",
        {
            'spatial_scale = 0.5,\n    coordinate_transformation_mode = "half_pixel"': "spatial_scale = 0.5,"
            'coordinate_transformation_mode = "output_half_pixel"'
        },
        "aligned differs",
    ),
    "one level takes the maximum": (
        "nd",
        {'"avg">(x1': '"max">(x1'},
        "was left alone",
    ),
    "pooled values used twice": (
        "nd",
        {**TWO_OUTPUTS, "count =": "extra = Identity(pool1) count ="},
        "has another use",
    ),
    "chain used midway": (
        "nd",
        {**TWO_OUTPUTS, "y = Scatter": "extra = Identity(out1) y = Scatter"},
        "has another use",
    ),
    "chain that forks": (
        "nd",
        {**TWO_OUTPUTS, "y = Scatter": "extra = ScatterND(out0, column2, pool2) y = Scatter"},
        "has another use",
    ),
    "levels from two tensors": (
        "nd",
        {"int64[K] levels)": "int64[K] levels, int64[K] levels2)", "(levels, c1)": "(levels2, c1)"},
        "different level tensors",
    ),
    "boxes from two tensors": (
        "nd",
        {"float[K,4] boxes,": "float[K,4] boxes, float[K,4] boxes2,", "(boxes, rows1)": "(boxes2, rows1)"},
        "take their boxes from different tensors",
    ),
    "image numbers from two tensors": (
        "nd",
        {"int64[K] batch,": "int64[K] batch, int64[K] batch2,", "(batch, rows1)": "(batch2, rows1)"},
        "take their batch indices from different tensors",
    ),
    "boxes of one level moved": (
        "nd",
        {"rois1 =": "raw1 =", "image1 =": "rois1 = Add(raw1, shift) image1 ="},
        "its boxes are not the rows of one level",
    ),
    "a level number twice": ("nd", {"c2 = {2}": "c2 = {1}"}, "level numbers are [0, 1, 1]"),
    "levels far from each other": (
        "nd",
        {"c2 = {2}": "c2 = {64}"},
        "[0, 1, 64], wanted fewer than 64 levels",
    ),
    "written to other rows": (
        "nd",
        {
            "(out, column0, pool0)": "(out, column1, pool0)",
            "(out0, column1, pool1)": "(out0, column0, pool1)",
        },
        "other rows than those it is written to",
    ),
    "merged into ones": ("nd", {"{0.0}": "{1.0}"}, "not written into zeros"),
    "merged into more rows": (
        "nd",
        {
            "int64[K] levels)": "int64[K] levels, int64[N] levels_more)",
            "end = 1>(levels)": "end = 1>(levels_more)",
        },
        "zeros of another length: N against K",
    ),
    "added instead of written": (
        "nd",
        {"ScatterND(out0": 'ScatterND<reduction = "add">(out0'},
        "does not overwrite whole rows",
    ),
    "scattered along columns": (
        "elements",
        {"ScatterElements<axis = 0>(out0": "ScatterElements<axis = 1>(out0"},
        "does not overwrite whole rows",
    ),
    "something else in between": (
        "nd",
        {"count =": "doubled = Add(pool1, pool1) count =", "column1, pool1)": "column1, doubled)"},
        "not the output of a RoiAlign",
    ),
    "a chain with a foreign link": (
        "nd",
        {"(out0, column1": "(halved, column1", "out1 =": "halved = Mul(out0, half) out1 ="},
        "not written into zeros",
    ),
    "levels compared as numbers with fractions": (
        "nd",
        {
            "int64[K] levels": "float[K] levels",
            "int64 c0 = {0}": "float c0 = {0.0}",
            "int64 c1 = {1}": "float c1 = {1.0}",
            "int64 c2 = {2}": "float c2 = {2.0}",
        },
        "does not write to the rows where levels equal a constant",
    ),
    "a level number that callers may change": (
        "nd",
        {"int64[K] levels)": "int64[K] levels, int64 c1)"},
        "does not write to the rows where levels equal a constant",
    ),
    "more levels than boxes allowed": (
        "nd",
        {"float[K,4] boxes": "float[L,4] boxes"},
        "there may be more boxes than levels",
    ),
    "one level only": ("nd", {}, "one level only"),
    "a square of levels": (
        "nd",
        {"(levels, c1)": "(square, c1)", "mask1 =": "square = Mul(levels, levels) mask1 ="},
        "different level tensors",
    ),
    "joined in another order": ("restore", {"(pool0, pool1,": "(pool1, pool0,"}, "other rows"),
    "restored backwards": ("restore", {"largest = 0": "largest = 1"}, None),
    "restored in part": (
        "restore",
        {"count = Shape(levels)": "all = Shape(levels) count = Sub(all, one)"},
        "no merge of the levels was found",
    ),
    "restored along channels": (
        "restore",
        {"Concat<axis = 0>(pool0": "Concat<axis = 1>(pool0"},
        "one Concat",
    ),
}


def edited(merge: str, edits: dict[str, str], levels):
    text = pyramid(merge, levels)
    for old, new in edits.items():
        assert old in text, old
        text = text.replace(old, new)
    constants = "float[1,4] shift = {1.0, 0.0, 1.0, 0.0}, float half = {0.5}, "
    return parse(text.replace("<int64[1] one", f"<{constants}int64[1] one"))


@pytest.mark.parametrize("name", CASES)
def test_near_miss_stays(name):
    merge, edits, reason = CASES[name]
    model = edited(merge, edits, (0,) if name == "one level only" else (0, 1, 2))
    upgraded, report = upgrade(model)
    assert "roiops::MultiScaleRoiAlign" not in operators(upgraded)
    left = [
        entry.reason for entry in report if entry.what.startswith("pooler") and entry.action == "left alone"
    ]
    assert left
    if reason is not None:
        assert any(reason in found for found in left), left
    arrays = feeds(model)
    if "levels_more" in arrays:
        arrays["levels_more"] = np.zeros(20, np.int64)
    original = session(model, plugin=False)
    try:
        expected = original.run(None, arrays)
    except InvalidArgument:
        with pytest.raises(InvalidArgument):
            session(upgraded).run(None, arrays)
        return
    for a, b in zip(expected, session(upgraded).run(None, arrays)):
        assert np.abs(a - b).max() <= 1e-5 * np.abs(a).max()
