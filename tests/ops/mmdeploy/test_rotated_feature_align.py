"""MMCVRotatedFeatureAlign: the definition, and bad inputs."""

from __future__ import annotations

import mmdeploy_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdeploy_models import NODE, one_node, run, session

OPERATOR = "MMCVRotatedFeatureAlign"
FEEDS = {"features": np.zeros((2, 3, 4, 5), "f"), "best_rbboxes": np.zeros((2, 4, 5, 5), "f")}
ATTRIBUTES = {"spatial_scale": 0.5, "points": 5}


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    images=st.integers(0, 2),
    channels=st.integers(0, 40),
    height=st.integers(1, 8),
    width=st.integers(1, 20),
    points=st.sampled_from([1, 5]),
)
def test_alignment_agrees_with_the_definition(seed, images, channels, height, width, points):
    rng = np.random.default_rng(seed)
    features = rng.uniform(-1, 1, (images, channels, height, width)).astype(np.float32)
    sides = rng.uniform(-3, 50, (images, height, width, 4))
    boxes = np.concatenate([sides, rng.uniform(-7, 7, (images, height, width, 1))], -1).astype(np.float32)
    boxes[rng.random(boxes.shape[:3]) < 0.05, 0] = np.nan
    found = run(OPERATOR, {"features": features, "best_rbboxes": boxes}, spatial_scale=0.25, points=points)
    wanted = oracle.rotated_feature_align(features, boxes, 0.25, points)
    assert found.shape == features.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5)


@pytest.mark.parametrize("missing", ATTRIBUTES)
def test_a_missing_attribute_is_named(missing):
    with pytest.raises(Exception, match=f"{NODE}': attribute '{missing}' is missing"):
        session(one_node(OPERATOR, FEEDS, **{k: v for k, v in ATTRIBUTES.items() if k != missing}))


def test_a_wrong_attribute_is_named():
    with pytest.raises(Exception, match=f"{NODE}': attribute 'points' is 4; it must be 1 or 5"):
        session(one_node(OPERATOR, FEEDS, spatial_scale=1.0, points=4))


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ({"features": np.zeros((3, 4, 5), "f")}, r"'features' has shape \(3, 4, 5\); it must be \(images,"),
        (
            {"best_rbboxes": np.zeros((2, 5, 4, 5), "f")},
            r"'best_rbboxes' has shape .*; it must be \(2, 4, 5, 5\)",
        ),
    ],
)
def test_a_wrong_input_is_named(feeds, message):
    with pytest.raises(Exception, match=f"{NODE}.*{message}"):
        run(OPERATOR, {**FEEDS, **feeds}, **ATTRIBUTES)
