"""grid_sampler: agreement with torch's definition, and bad inputs."""

from __future__ import annotations

import mmdeploy_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdeploy_models import DOMAINS, NODE, one_node, run, session

ATTRIBUTES = {"interpolation_mode": 0, "padding_mode": 0, "align_corners": 0}
X, GRID = np.zeros((2, 3, 4, 5), "f"), np.zeros((2, 6, 7, 2), "f")


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    domain=st.sampled_from(DOMAINS["grid_sampler"]),
    interpolation=st.integers(0, 2),
    padding=st.integers(0, 2),
    align=st.integers(0, 1),
)
def test_sampling_agrees_with_the_definition(seed, domain, interpolation, padding, align):
    rng = np.random.default_rng(seed)
    images, channels, height, width = rng.integers([1, 1, 1, 1], [3, 40, 9, 12])
    points = rng.integers(0, 12, 2) if rng.random() < 0.8 else (1, 1)
    x = rng.uniform(-1, 1, (images, channels, height, width)).astype(np.float32)
    grid = rng.uniform(-1.6, 1.6, (images, *points, 2)).astype(np.float32)
    if interpolation != 1:
        grid[rng.random(grid.shape) < 0.1] = rng.choice([-1, 0, 1])
    grid[rng.random(grid.shape) < 0.02] = np.nan
    attributes = {"interpolation_mode": interpolation, "padding_mode": padding, "align_corners": align}
    found = run("grid_sampler", {"x": x, "grid": grid}, domain=domain, **attributes)
    wanted = oracle.grid_sampler(x, grid, interpolation, padding, align)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=5e-6)


def test_few_points_of_a_large_map_are_those_of_many():
    # They are read from the planes, where many are read from a copy with the channels last.
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (1, 19, 40, 50)).astype(np.float32)
    grid = rng.uniform(-1.1, 1.1, (1, 1, 600, 2)).astype(np.float32)
    many = run("grid_sampler", {"x": x, "grid": grid}, **ATTRIBUTES)
    few = run("grid_sampler", {"x": x, "grid": grid[:, :, :100]}, **ATTRIBUTES)
    np.testing.assert_allclose(few, many[:, :, :, :100], rtol=0, atol=1e-6)
    assert np.abs(few).max() > 0.1


def test_rounding_to_the_nearest_pixel_is_half_to_even():
    x = np.arange(4, dtype=np.float32).reshape(1, 1, 1, 4)
    columns = np.array([0.5, 1.5, 2.5]) / 1.5 - 1
    grid = np.stack([columns, np.zeros(3)], -1).astype(np.float32).reshape(1, 1, 3, 2)
    attributes = {"interpolation_mode": 1, "padding_mode": 0, "align_corners": 1}
    assert run("grid_sampler", {"x": x, "grid": grid}, **attributes).ravel().tolist() == [0, 2, 2]


@pytest.mark.parametrize("interpolation", [0, 1, 2])
def test_points_far_away_are_the_padding(interpolation):
    x = np.full((1, 1, 3, 3), 5, np.float32)
    grid = np.array([np.inf, -np.inf, 3e38, -3e38, 1e20], np.float32)
    grid = np.stack([grid, np.zeros_like(grid)], -1).reshape(1, 1, -1, 2)
    for padding, wanted in ((0, 0), (1, 5), (2, 5)):
        attributes = {"interpolation_mode": interpolation, "padding_mode": padding, "align_corners": 0}
        found = run("grid_sampler", {"x": x, "grid": grid}, **attributes)
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_pixels_outside_of_a_point_do_not_matter():
    x = np.ones((1, 20, 3, 3), np.float32)
    x[:, :, 0, 0] = np.inf
    grid = np.full((1, 4, 5, 2), 0.9, np.float32)
    assert np.isfinite(run("grid_sampler", {"x": x, "grid": grid}, **ATTRIBUTES)).all()


def test_threads_change_nothing():
    rng = np.random.default_rng(0)
    feeds = {
        "x": rng.uniform(-1, 1, (2, 33, 30, 40)).astype(np.float32),
        "grid": rng.uniform(-1, 1, (2, 50, 60, 2)).astype(np.float32),
    }
    model = one_node("grid_sampler", feeds, **ATTRIBUTES)
    one, many = (session(model, intra_op_num_threads=n).run(None, feeds)[0] for n in (1, 4))
    assert (one == many).all()


@pytest.mark.parametrize("missing", ATTRIBUTES)
def test_a_missing_attribute_is_named(missing):
    attributes = {k: v for k, v in ATTRIBUTES.items() if k != missing}
    with pytest.raises(Exception, match=f"{NODE}': attribute '{missing}' is missing"):
        session(one_node("grid_sampler", {"x": X, "grid": GRID}, **attributes))


@pytest.mark.parametrize(
    ("name", "value"), [("interpolation_mode", 3), ("padding_mode", -1), ("align_corners", 2)]
)
def test_a_wrong_attribute_is_named(name, value):
    with pytest.raises(Exception, match=f"{NODE}': attribute '{name}' is {value}; it must be between 0 and"):
        session(one_node("grid_sampler", {"x": X, "grid": GRID}, **{**ATTRIBUTES, name: value}))


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ({"x": X[0]}, r"'x' has shape \(3, 4, 5\); it must be \(images, channels, height, width\)"),
        ({"x": X[:, :, :0]}, r"'x' has shape \(2, 3, 0, 5\); it must have at least one pixel"),
        ({"grid": GRID[:1]}, r"'grid' has shape \(1, 6, 7, 2\); it must be \(2, height, width, 2\)"),
        ({"grid": GRID[..., :1]}, r"'grid' has shape \(2, 6, 7, 1\)"),
        ({"grid": np.zeros((2, 3, 4, 5, 3), "f")}, r"'grid' has shape \(2, 3, 4, 5, 3\)"),
    ],
)
def test_a_wrong_input_is_named(feeds, message):
    with pytest.raises(Exception, match=f"{NODE}.*{message}"):
        run("grid_sampler", {"x": X, "grid": GRID, **feeds}, **ATTRIBUTES)


@pytest.mark.parametrize(
    ("x", "grid"),
    [((0, 3, 4, 5), (0, 6, 7, 2)), ((2, 0, 4, 5), (2, 6, 7, 2)), ((2, 3, 4, 5), (2, 0, 7, 2))],
)
def test_nothing_in_gives_nothing_out(x, grid):
    found = run("grid_sampler", {"x": np.zeros(x, "f"), "grid": np.zeros(grid, "f")}, **ATTRIBUTES)
    assert found.shape == (*x[:2], *grid[1:3])
