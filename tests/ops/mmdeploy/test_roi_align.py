"""MMCVRoiAlign against RoiAlign's oracle, and bad inputs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdeploy_models import DOMAINS, NODE, one_node, run, session

from roiops import reference

FEEDS = {"x": np.zeros((2, 3, 8, 9), "f"), "rois": np.ones((2, 5), "f")}
ATTRIBUTES = {
    "output_height": 2,
    "output_width": 3,
    "spatial_scale": 1.0,
    "sampling_ratio": 2,
    "mode": "avg",
    "aligned": 1,
}


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    domain=st.sampled_from(DOMAINS["MMCVRoiAlign"]),
    size=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    ratio=st.sampled_from([0, 2, 3]),
    aligned=st.booleans(),
    mode=st.sampled_from(["avg", "max"]),
)
def test_pooling_agrees_with_the_oracle(seed, domain, size, ratio, aligned, mode):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rng.integers(1, 3), rng.integers(1, 20), *rng.integers(1, 30, 2))).astype("f")
    corners = rng.uniform(-5, 60, (rng.integers(0, 6), 2, 2))
    boxes = np.hstack([corners.min(axis=1), corners.max(axis=1)]).astype(np.float32)
    images = rng.integers(0, len(x), len(boxes))
    found = run(
        "MMCVRoiAlign",
        {"x": x, "rois": np.column_stack([images, boxes]).astype(np.float32)},
        domain=domain,
        output_height=size[0],
        output_width=size[1],
        spatial_scale=0.5,
        sampling_ratio=ratio,
        mode=mode,
        aligned=int(aligned),
    )
    wanted = reference.roi_align(
        x, boxes, images, size, 0.5, ratio, aligned, mode=mode, batch_format="batch_indices"
    )
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5)


@pytest.mark.parametrize("missing", ATTRIBUTES)
def test_a_missing_attribute_is_named(missing):
    with pytest.raises(Exception, match=f"{NODE}': attribute '{missing}' is missing"):
        session(one_node("MMCVRoiAlign", FEEDS, **{k: v for k, v in ATTRIBUTES.items() if k != missing}))


def test_a_wrong_mode_is_named():
    with pytest.raises(Exception, match=f"""{NODE}': attribute 'mode' is "mean"; it must be "avg" or "max"""):
        session(one_node("MMCVRoiAlign", FEEDS, **{**ATTRIBUTES, "mode": "mean"}))


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ({"rois": np.ones((2, 4), "f")}, r"'rois' has shape \(2, 4\); it must be \(number of boxes, 5\)"),
        ({"rois": np.full((1, 5), 2, "f")}, "'rois': box 0 has batch index 2; it must be an index of"),
        ({"rois": np.full((1, 5), np.nan, "f")}, "'rois': box 0 has batch index nan"),
        ({"x": np.zeros((8, 9), "f")}, r"'x' has shape \(8, 9\); it must have 4 dimensions"),
    ],
)
def test_a_wrong_input_is_named(feeds, message):
    with pytest.raises(Exception, match=f"{NODE}.*{message}"):
        run("MMCVRoiAlign", {**FEEDS, **feeds}, **ATTRIBUTES)
