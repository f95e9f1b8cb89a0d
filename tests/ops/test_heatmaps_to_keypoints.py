"""roiops::HeatmapsToKeypoints: the oracle over random cases, one test for each documented rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ml_dtypes import bfloat16
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
from support import run, session

import roiops
from roiops import export, reference

CONVENTIONS = ("torchvision", "detectron2")
DTYPES = ("float64", "float32", "float16", "bfloat16")
RTOL = {"float64": 1e-12, "float32": 2e-6, "float16": 2e-6, "bfloat16": 2e-6}

cases = st.fixed_dictionaries(
    {
        "count": st.integers(0, 3),
        "points": st.integers(0, 3),
        "map": st.tuples(st.integers(1, 20), st.integers(1, 20)) | st.just((56, 56)),
        "kind": st.sampled_from(["noise", "peak", "steps", "flat"]),
        "size": st.sampled_from([0.3, 5.0, 40.0, 150.0]),
        "dtype": st.sampled_from(DTYPES),
        "seed": st.integers(0, 2**32 - 1),
    }
)


def maps_and_rois(case) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(case["seed"])
    shape = (case["count"], case["points"], *case["map"])
    maps = rng.standard_normal(shape)
    if case["kind"] == "steps":
        maps = np.round(maps)
    elif case["kind"] == "flat":
        maps = np.ones(shape)
    elif case["kind"] == "peak":
        rows, columns = np.mgrid[: shape[2], : shape[3]]
        y, x = (rng.uniform(0, side, (*shape[:2], 1, 1)) for side in shape[2:])
        maps = 10 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 8) + 0.01 * maps
    dtype = bfloat16 if case["dtype"] == "bfloat16" else np.dtype(case["dtype"])
    corners = rng.uniform(-50, 300, (case["count"], 2))
    rois = np.concatenate([corners, corners + case["size"] * rng.uniform(0.1, 1.2, (case["count"], 2))], 1)
    return maps.astype(dtype), rois.astype(np.float64 if dtype == np.float64 else np.float32)


@pytest.mark.parametrize("convention", CONVENTIONS)
@settings(max_examples=120, deadline=None)
@given(case=cases)
def test_keypoints_equal_the_oracle(convention, case):
    maps, rois = maps_and_rois(case)
    found = roiops.heatmaps_to_keypoints(maps, rois, convention)
    points, scores = reference.heatmaps_to_keypoints(maps, rois, convention)
    rtol = RTOL[case["dtype"]]
    if convention == "torchvision":
        found, found_scores = found
        np.testing.assert_allclose(found_scores, scores, rtol=rtol, atol=rtol)
        np.testing.assert_array_equal(found[..., 2], 1)
    else:
        np.testing.assert_allclose(found[..., 2:], points[..., 2:], rtol=10 * rtol, atol=rtol)
    if case["kind"] in ("noise", "peak") and min(case["map"]) > 1:  # else several pixels are largest
        same = np.isclose(found[..., :2], points[..., :2], rtol=1e-6, atol=1e-4).all(-1)
        # Two pixels within rounding of each other may change places.
        assert (~same).sum() <= max(1, same.size // 4), (found[~same], points[~same])


def test_many_boxes_on_several_threads():
    case = {"count": 30, "points": 17, "map": (56, 56), "kind": "peak", "size": 150.0, "dtype": "float32"}
    maps, rois = maps_and_rois({**case, "seed": 5})
    found, scores = roiops.heatmaps_to_keypoints(maps, rois)
    wanted, wanted_scores = reference.heatmaps_to_keypoints(maps, rois)
    np.testing.assert_allclose(scores, wanted_scores, rtol=2e-6)
    assert np.isclose(found, wanted, rtol=1e-6, atol=1e-4).all(-1).mean() > 0.99


# Rules that are no table of values: see tests/semantics


def test_a_map_without_any_finite_pixel():
    points, scores = roiops.heatmaps_to_keypoints(
        np.full((1, 1, 4, 4), -np.inf, np.float32), np.array([[0, 0, 9, 9]], np.float32)
    )
    assert np.isfinite(points).all() and not np.isfinite(scores).any()


# Errors

MAPS, ROIS = np.zeros((2, 3, 4, 4), np.float32), np.array([[0, 0, 4, 4]] * 2, np.float32)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"maps": np.zeros((2, 3, 4, 4), int)}, TypeError, "maps: expected dtype"),
        ({"maps": np.zeros((2, 4, 4))}, ValueError, "maps: expected shape"),
        ({"maps": np.zeros((2, 3, 0, 4))}, ValueError, "maps: expected maps of at least one pixel"),
        ({"maps": MAPS[:1]}, ValueError, "maps: expected the maps of 2 boxes"),
        ({"rois": ROIS[:, :3]}, ValueError, "rois: expected shape"),
        ({"rois": ROIS * np.nan}, ValueError, "rois: expected finite"),
        ({"rois": ROIS * 16385}, ValueError, "rois: expected sides of at most 65536 pixels, row 0"),
        ({"convention": "mmpose"}, ValueError, "convention: expected one of"),
    ],
)
def test_wrong_arguments_are_named(changed, error, message):
    with pytest.raises(error, match=f"^{message}"):
        roiops.heatmaps_to_keypoints(**{"maps": MAPS, "rois": ROIS, **changed})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"maps": MAPS[0]}, r"'maps' has shape \(3, 4, 4\); it must be \(2, keypoints, height, width\)"),
        ({"maps": MAPS[:1]}, r"'maps' has shape \(1, 3, 4, 4\); it must be \(2, k"),
        ({"maps": MAPS[:, :, :0]}, r"'maps' has shape \(2, 3, 0, 4\); maps must have 1 to"),
        ({"rois": ROIS[:, :3]}, r"'rois' has shape \(2, 3\); it must be \(number of boxes, 4\)"),
        ({"rois": np.full_like(ROIS, np.inf)}, r"'rois': box 0 is \(.*\); coordinates must be finite"),
        (
            {"rois": ROIS * 1e6},
            r"'rois': box 0 is 4e\+06 wide and 4e\+06 high; boxes must have at most 65536",
        ),
    ],
)
def test_wrong_inputs_of_a_node_are_named(changed, message):
    model = export.make_heatmaps_to_keypoints_model(name="peaks")
    for value in model.graph.input:
        value.type.tensor_type.ClearField("shape")
    with pytest.raises(InvalidArgument, match=f"peaks.*{message}"):
        run(model, {"maps": MAPS, "rois": ROIS, **changed})


def test_a_wrong_attribute_of_a_node_is_named():
    model = export.make_heatmaps_to_keypoints_model(name="peaks")
    model.graph.node[0].attribute[0].s = b"mmpose"
    with pytest.raises(Exception, match="node 'peaks': attribute 'convention' is \"mmpose\"; it must be"):
        session(model)
