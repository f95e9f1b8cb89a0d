"""cummax, cummin and MMCVCornerPool: definitions and bad inputs."""

from __future__ import annotations

import mmdeploy_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdeploy_models import NODE, one_node, run, session

SETTINGS = settings(max_examples=60, deadline=None)


def values_with_ties(rng, shape):
    x = rng.integers(-3, 4, shape).astype(np.float32)
    x[rng.random(shape) < 0.05] = np.nan
    x[rng.random(shape) < 0.05] = rng.choice([-np.inf, np.inf, -0.0])
    return x


@SETTINGS
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.lists(st.integers(0, 7), min_size=1, max_size=4),
    largest=st.booleans(),
    data=st.data(),
)
def test_running_extremes_agree_with_the_definition(seed, shape, largest, data):
    x = values_with_ties(np.random.default_rng(seed), shape)
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    values, indices = run("cummax" if largest else "cummin", {"x": x}, 2, dim=dim)
    wanted, where = oracle.running_extreme(x, dim, largest)
    np.testing.assert_array_equal(values, wanted)
    np.testing.assert_array_equal(indices, where)
    assert indices.dtype == np.int64 and values.shape == indices.shape == x.shape


def test_a_scalar_is_its_own_extreme():
    values, indices = run("cummax", {"x": np.array(3, np.float32)}, 2, dim=-1)
    assert (values.shape, values, indices) == ((), 3, 0)


@SETTINGS
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 9), st.integers(0, 9)),
    mode=st.integers(0, 3),
)
def test_corner_pooling_agrees_with_the_definition(seed, shape, mode):
    x = values_with_ties(np.random.default_rng(seed), shape)
    found = run("MMCVCornerPool", {"x": x}, mode=mode)
    assert found.shape == x.shape
    np.testing.assert_array_equal(found, oracle.corner_pool(x, mode))


@pytest.mark.parametrize(("operator", "outputs"), [("cummax", 2), ("MMCVCornerPool", 1)])
def test_many_lines_and_threads(operator, outputs):
    feeds = {"x": np.random.default_rng(0).standard_normal((3, 5, 70, 300)).astype(np.float32)}
    attributes = {"dim": 2} if operator == "cummax" else {"mode": 3}
    model = one_node(operator, feeds, outputs, **attributes)
    one, many = (session(model, intra_op_num_threads=n).run(None, feeds)[0] for n in (1, 4))
    wanted = np.maximum.accumulate(feeds["x"], 2 if operator == "cummax" else 3)
    np.testing.assert_array_equal(one, wanted)
    np.testing.assert_array_equal(many, wanted)


@pytest.mark.parametrize(
    ("operator", "outputs", "name"), [("cummin", 2, "dim"), ("MMCVCornerPool", 1, "mode")]
)
def test_a_missing_attribute_is_named(operator, outputs, name):
    with pytest.raises(Exception, match=f"{NODE}': attribute '{name}' is missing"):
        session(one_node(operator, {"x": np.zeros((1, 2, 3, 4), "f")}, outputs))


def test_a_wrong_attribute_is_named():
    x = {"x": np.zeros((1, 2, 3, 4), "f")}
    with pytest.raises(
        Exception, match=f"{NODE}.*attribute 'dim' is 4; it must be between -4 and 3 for input 'x'"
    ):
        run("cummax", x, 2, dim=4)
    with pytest.raises(Exception, match=f"{NODE}': attribute 'mode' is 4; it must be between 0 and 3"):
        run("MMCVCornerPool", x, mode=4)


def test_a_wrong_input_is_named():
    with pytest.raises(Exception, match=rf"{NODE}.*'x' has shape \(2, 3, 4\); it must be \(images, channels"):
        run("MMCVCornerPool", {"x": np.zeros((2, 3, 4), "f")}, mode=0)
