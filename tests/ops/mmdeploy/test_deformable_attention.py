"""MMCVMultiScaleDeformableAttention: the definition, and bad inputs."""

from __future__ import annotations

import mmdeploy_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdeploy_models import NODE, one_node, run, session

OPERATOR = "MMCVMultiScaleDeformableAttention"
NAMES = ("value", "spatial_shapes", "level_start_index", "sampling_locations", "attention_weights")


def case(rng, images, heads, channels, queries, points, shapes):
    shapes = np.array(shapes, np.int64).reshape(-1, 2)
    sizes = shapes.prod(axis=1)
    starts = np.concatenate([[0], np.cumsum(sizes)])[: len(sizes)]
    value = rng.uniform(-1, 1, (images, sizes.sum(), heads, channels)).astype(np.float32)
    locations = rng.uniform(-0.3, 1.3, (images, queries, heads, len(shapes), points, 2)).astype(np.float32)
    weights = rng.uniform(0, 1, locations.shape[:-1]).astype(np.float32) / max(1, len(shapes) * points)
    return dict(zip(NAMES, (value, shapes, starts, locations, weights)))


GOOD = case(np.random.default_rng(0), 1, 2, 5, 3, 4, [(3, 4), (2, 2)])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    images=st.integers(0, 2),
    heads=st.integers(1, 3),
    channels=st.integers(1, 37),
    queries=st.integers(0, 20),
    points=st.integers(0, 4),
    shapes=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=3),
)
def test_attention_agrees_with_the_definition(seed, images, heads, channels, queries, points, shapes):
    rng = np.random.default_rng(seed)
    feeds = case(rng, images, heads, channels, queries, points, shapes)
    feeds["sampling_locations"][rng.random(feeds["sampling_locations"].shape) < 0.05] = rng.choice(
        [np.nan, np.inf, 0, 1]
    )
    found = run(OPERATOR, feeds, im2col_step=64)
    wanted = oracle.deformable_attention(*feeds.values())
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-6)


def test_threads_change_nothing():
    feeds = case(np.random.default_rng(1), 2, 8, 32, 300, 4, [(20, 30), (10, 15)])
    made = one_node(OPERATOR, feeds, im2col_step=64)
    one, many = (session(made, intra_op_num_threads=n).run(None, feeds)[0] for n in (1, 4))
    assert (one == many).all() and np.abs(one).max() > 0.1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "value",
            np.zeros((1, 16, 10), "f"),
            r"'value' has shape \(1, 16, 10\); it must be \(images, pixels,",
        ),
        (
            "spatial_shapes",
            np.zeros((2, 3), int),
            r"'spatial_shapes' has shape \(2, 3\); it must be \(levels, 2\)",
        ),
        (
            "spatial_shapes",
            np.array([[3, 4], [4, 5]]),
            "'spatial_shapes': level 1 is 4 x 5; it must be within the 16",
        ),
        (
            "spatial_shapes",
            np.array([[-3, -4], [1, 1]]),
            "'spatial_shapes': level 0 is -3 x -4; it must be within",
        ),
        ("spatial_shapes", np.array([[2**32, 2**32], [1, 1]]), "'spatial_shapes': level 0 is 4294967296 x"),
        ("level_start_index", np.array([0]), r"'level_start_index' has shape \(1\); it must be \(2\)"),
        (
            "level_start_index",
            np.array([0, 13]),
            "'level_start_index': level 1 of 2 x 2 pixels starts at 13; it must",
        ),
        (
            "level_start_index",
            np.array([-1, 12]),
            "'level_start_index': level 0 of 3 x 4 pixels starts at -1",
        ),
        ("sampling_locations", np.zeros((1, 3, 2, 2, 4, 3), "f"), r"'sampling_locations' has shape .*4, 3\)"),
        ("sampling_locations", np.zeros((1, 3, 1, 2, 4, 2), "f"), r"must be \(1, queries, 2, 2, points, 2\)"),
        (
            "attention_weights",
            np.zeros((1, 3, 2, 2, 3), "f"),
            r"'attention_weights' has shape \(1, 3, 2, 2, 3\)",
        ),
    ],
)
def test_a_wrong_input_is_named(name, value, message):
    with pytest.raises(Exception, match=f"{NODE}.*{message}"):
        run(OPERATOR, {**GOOD, name: value}, im2col_step=64)
