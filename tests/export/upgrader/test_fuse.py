"""Poolers that are fused, in every form that the proof understands."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from pyramids import feeds, operators, parse, pyramid
from support import run

from roiops.export import inspect, upgrade

MERGES = ["nd", "elements", "restore"]


def check_fused(model: onnx.ModelProto, *inputs: dict[str, np.ndarray]) -> onnx.ModelProto:
    """Assert that one fused node is left of the pooler and that it computes the same."""
    upgraded, report = upgrade(model)
    assert operators(upgraded)["roiops::MultiScaleRoiAlign"] == 1
    assert not {"RoiAlign", "roiops::RoiAlign", "ScatterND", "ScatterElements", "TopK"} & set(
        operators(upgraded)
    )
    assert [value.name for value in upgraded.graph.output] == [value.name for value in model.graph.output]
    assert [value.name for value in upgraded.graph.input] == [value.name for value in model.graph.input]
    assert report.count("fused") >= 2 and report.count("left alone") == 0
    onnx.checker.check_model(upgraded)
    for arrays in inputs:
        expected, found = run(model, arrays, plugin=False), run(upgraded, arrays)
        assert found.shape == expected.shape
        assert np.abs(found - expected).max(initial=0) <= 1e-5 * np.abs(expected).max(initial=1e-9)
    return upgraded


@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("numbers", [(0, 1), (0, 1, 2), (2, 3, 4, 5), (-1, 0, 1), (2, 0, 1)])
def test_any_number_of_levels(merge, numbers):
    model = parse(pyramid(merge, numbers))
    cases = [feeds(model, numbers), feeds(model, numbers[:1], 5), feeds(model, numbers, 0)]
    check_fused(model, *cases)


@pytest.mark.parametrize("merge", ["nd", "elements"])
@pytest.mark.parametrize("numbers", [(0, 2), (-1, 0, 3), (2, 60)])
def test_levels_that_are_missing_stay_zero(merge, numbers):
    # No box was on them when the model was traced.
    model = parse(pyramid(merge, numbers))
    arrays = feeds(model, (-(2**63), *range(numbers[0] - 1, numbers[-1] + 2), 2**63 - 1), 140)
    found = run(check_fused(model, arrays), arrays)
    missing = ~np.isin(arrays["levels"], numbers)
    assert missing.any() and not found[missing].any()


@pytest.mark.parametrize("merge", ["nd", "elements"])
def test_boxes_of_no_level_stay_zero(merge):
    model = parse(pyramid(merge))
    arrays = feeds(model, (-(2**63), -1, 0, 1, 2, 3, 2**63 - 1), 21)
    outside = (arrays["levels"] < 0) | (arrays["levels"] > 2)
    arrays["boxes"][outside] = np.nan
    arrays["batch"][outside] = 99
    upgraded = check_fused(model, arrays)
    assert not run(upgraded, arrays)[outside].any()


def test_restored_rows_of_no_level_are_skipped():
    model = parse(pyramid("restore", counted="order"))
    arrays = feeds(model, (0, 1, 2, 3), 16)
    assert run(check_fused(model, arrays), arrays).shape[0] == 12


@pytest.mark.parametrize(
    "edits",
    [
        {"Equal(levels, c1)": "Equal(c1, levels)"},
        {"mask1 =": "c1 = Constant<value_int = 1>() mask1 =", ", int64 c1 = {1}": ""},
        {"Transpose<perm = [1, 0]>(found1)": "Transpose(found1)"},
        {"Squeeze(column1, one)": "Reshape(column1, flat)"},
        {"Squeeze(column1, one)": "Gather<axis = 1>(column1, c0)"},
        {"Gather<axis = 0>(boxes, rows1)": "GatherND(boxes, column1)"},
        {"count =": "same = Identity(pool1) count =", "column1, pool1)": "column1, same)"},
    ],
)
def test_equivalent_spellings(edits):
    text = pyramid("nd", (0, 1)).replace("<int64[1] one", "<int64[1] flat = {-1}, int64[1] one")
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new)
    model = parse(text)
    check_fused(model, feeds(model, (0, 1)))


def test_indices_computed_twice():
    """TorchScript writes a second Equal and NonZero for the merge, until constants are folded."""
    text = pyramid("nd").replace(
        "out1 = ScatterND(out0, column1, pool1)",
        """again = Equal(levels, other)
  refound = NonZero(again)
  recolumn = Transpose(refound)
  out1 = ScatterND(out0, recolumn, pool1)""",
    )
    model = parse(text.replace("<int64[1] one", "<int64 other = {1}, int64[1] one"))
    check_fused(model, feeds(model))


def test_levels_of_int32():
    model = parse(pyramid().replace("int64[K] levels", "int32[K] levels").replace("int64 c", "int32 c"))
    check_fused(model, feeds(model))


def test_double():
    text = pyramid().replace("float[", "double[").replace("value = float", "value = double")
    model = parse(text)
    check_fused(
        model, {k: v.astype(np.float64) if v.dtype == np.float32 else v for k, v in feeds(model).items()}
    )


def test_cast_after_pooling():
    text = pyramid("nd", (0, 1)).replace("float[M", "double[M").replace("value = float", "value = double")
    for i in (0, 1):
        text = text.replace(f"column{i}, pool{i})", f"column{i}, wide{i})")
        text = text.replace(
            f"rois{i}, image{i})\n", f"rois{i}, image{i})\n  wide{i} = Cast<to = 11>(pool{i})\n"
        )
    model = parse(text)
    upgraded = check_fused(model, feeds(model, (0, 1)))
    assert run(upgraded, feeds(model, (0, 1))).dtype == np.float64


def test_boxes_behind_columns():
    """Boxes and image numbers as columns of one tensor, as torchvision has them."""
    text = pyramid().replace("float[K,4] boxes, int64[K] batch", "float[K,5] boxes")
    for i in range(3):
        text = text.replace(f"image{i} = Gather<axis = 0>(batch, rows{i})", "")
        text = text.replace(
            f"rois{i} = Gather<axis = 0>(boxes, rows{i})",
            f"""five{i} = Gather<axis = 0>(boxes, rows{i})
  rois{i} = Slice(five{i}, one, six, one)
  number{i} = Gather<axis = 1>(five{i}, nought)
  image{i} = Cast<to = 7>(number{i})""",
        )
    model = parse(text.replace("<int64[1] one", "<int64[1] six = {6}, int64 nought = {0}, int64[1] one"))
    for node in model.graph.node:  # onnxruntime 1.18 fuses Slice and Gather under names it makes from these
        node.name = node.output[0]
    arrays = feeds(model)
    number = np.random.default_rng(1).integers(0, 2, (len(arrays["boxes"]), 1))
    arrays["boxes"] = np.hstack([number, arrays["boxes"]]).astype(np.float32)
    check_fused(model, arrays)


def test_two_poolers_share_levels():
    """A box head and a mask head on the same boxes."""
    body = pyramid()
    lines = body[body.index("{\n") + 1 : -1]
    for name in ("pool", "out", "size", "count"):
        lines = lines.replace(name, f"second_{name}")
    lines = lines.replace("second_output", "output").replace("second_pooled", "pooled")
    lines = lines.replace("  y =", "  z =")
    for name in ("mask", "found", "column", "rows", "rois", "image"):
        for i in range(3):
            lines = lines.replace(f"{name}{i}", f"second_{name}{i}")
    model = parse(body[:-1].replace(" y)", " y, float[M,2,3,3] z)", 1) + lines + "}")
    upgraded, report = upgrade(model)
    assert operators(upgraded)["roiops::MultiScaleRoiAlign"] == 2
    assert [entry.action for entry in report] == ["fused"] * 8


def test_fused_again_changes_nothing():
    upgraded, _ = upgrade(parse(pyramid()))
    again, report = upgrade(upgraded)
    assert again.graph == upgraded.graph
    assert [(e.what, e.action) for e in report] == [("MultiScaleRoiAlign", "already roiops")]


def test_inspect_says_what_upgrade_does():
    model = parse(pyramid())
    before = model.SerializeToString()
    report = inspect(model)
    assert model.SerializeToString() == before
    assert [(entry.what, entry.action) for entry in report] == [
        *[("RoiAlign", "fused")] * 3,
        ("pooler of 3 levels", "fused"),
    ]
    assert report.entries[-1].parameters == {
        "size": "3x3",
        "scale": "1, 0.5, 0.25",
        "ratio": 2,
        "aligned": True,
        "mode": "avg",
    }
