"""The device's arithmetic against the float64 oracle, without a device."""

from __future__ import annotations

import numpy as np
import pytest
import random_rois
from cuda_cases import NUMPY_TYPES, TOLERANCES, Case
from cuda_host_pool import POOLINGS, HostPool, find_compiler

from roiops import reference


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    if not find_compiler():
        pytest.skip("needs a C++ compiler")
    return HostPool(tmp_path_factory.mktemp("block"))


@pytest.mark.parametrize("mode", POOLINGS)
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_random_boxes_match_the_reference(pool, dtype, mode):
    for seed in range(40):
        case = Case(seed, dtype, mode, maps=1 + seed % 3)
        how = (case.output_size, case.scales, case.ratio, case.aligned)
        levels = np.zeros(len(case.boxes), np.int64) if case.levels is None else case.levels
        y = pool(case.xs, case.boxes, case.batch, *how, mode, case.batch_format, case.levels)
        expected = reference.multiscale_roi_align(
            case.xs,
            case.reference_boxes,
            case.batch,
            levels,
            *how,
            mode=mode,
            batch_format=case.batch_format,
        )
        assert case.error(y, expected) <= TOLERANCES[dtype], f"seed {seed}"


# A plan has room for bins of a few hundred pixels; beyond that outputs are computed without one.
@pytest.mark.parametrize("mode", POOLINGS)
@pytest.mark.parametrize("shape", [(1, 2, 5, 3000), (1, 2, 3000, 5), (1, 2, 700, 701)])
def test_bins_larger_than_a_plan(pool, shape, mode):
    rng = np.random.default_rng(1)
    x = rng.standard_normal(shape).astype(np.float32)
    height, width = shape[2:]
    boxes = np.array([[0, 0, width, height], [1.5, 0.5, width - 0.7, 4.2], [3, 1, 5, height]], np.float32)
    y = pool([x], boxes, np.array([3]), (2, 1), [1.0], -1, True, mode)
    expected = reference.roi_align(x, boxes, [3], (2, 1), 1.0, -1, True, mode=mode)
    assert np.abs(y - expected).max() <= 2e-6 * np.abs(x).max()


def test_sparse_columns_are_read_one_by_one(pool):
    rng = np.random.default_rng(2)
    x = rng.standard_normal((1, 3, 20, 800)).astype(np.float32)
    boxes = np.array([[2.5, 3, 790.1, 17], [790, 3, 4, 17]], np.float32)
    y = pool([x], boxes, np.array([2]), (7, 7), [1.0], 2)
    expected = reference.roi_align(x, boxes, [2], (7, 7), 1.0, 2)
    assert np.abs(y - expected).max() <= 2e-6 * np.abs(x).max()


@pytest.mark.parametrize("width", [2**30 - 4, 2**30])
def test_rows_of_two_gibibytes(pool, width):
    """The first are planned; offsets in longer ones are too large for a plan. Untouched memory is free."""
    x = np.zeros((1, 1, 2, width), np.float16)
    x[:, :, :, -4096:] = np.array([[2], [4]], np.float16)
    boxes = np.array([[2**30 - 2048, 0, 2**30 - 1024, 1]], np.float32)
    y = pool([x], boxes, np.array([1]), (1, 2), [1.0], 2, False)
    np.testing.assert_array_equal(y, np.full((1, 1, 1, 2), 3, np.float16))


def test_huge_boxes_and_ratios_end(pool):
    x = np.ones((1, 1, 8, 8), np.float32)
    boxes = np.array([[-1e30, -1e30, 1e30, 1e30], [0, 0, 1e9, 1e9], [-3e38, 0, 3e38, 8]], np.float32)
    for ratio in (-1, 1_000_000, 2**31, 2**62):
        y = pool([x], boxes, np.array([3]), (2, 2), [1.0], ratio)
        assert np.all((y >= 0) & (y <= 1))


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_boxes_that_cannot_be_located_give_zeros(pool, dtype):
    x = np.ones((2, 9, 6, 6), NUMPY_TYPES[dtype])
    box_dtype = np.float64 if dtype == "float64" else np.float32
    boxes = np.tile(np.array([1, 1, 5, 5], box_dtype), (6, 1))
    boxes[1, 2] = np.nan
    boxes[2, 0] = -np.inf
    batch = np.array([0, 0, 0, 2, -1, 1])
    y = pool([x], boxes, batch, (2, 9), [1.0], batch_format="batch_indices")
    assert [float(row.astype(np.float64).mean()) for row in y] == [1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("counts", [[2, 1], [2, 3], [5, -1], [2**31 - 1, 5], [-(2**31), 4]])
def test_wrong_counts_give_zeros(pool, counts, dtype):
    x = np.ones((2, 1, 6, 6), np.float32)
    boxes = np.tile(np.array([1, 1, 5, 5], np.float32), (4, 1))
    assert not pool([x], boxes, np.array(counts, dtype), (2, 2), [1.0]).any()


@pytest.mark.parametrize("images", [1, 3, 255, 256, 257, 1000])
def test_counts_of_many_images(pool, images):
    rng = np.random.default_rng(images)
    x = np.broadcast_to(np.arange(images, dtype=np.float32)[:, None, None, None], (images, 1, 2, 2)).copy()
    counts = rng.multinomial(40, rng.dirichlet(np.full(images, 0.1)))
    boxes = np.tile(np.array([0, 0, 1, 1], np.float32), (40, 1))
    y = pool([x], boxes, counts, (1, 1), [1.0])
    np.testing.assert_array_equal(y.ravel(), np.repeat(np.arange(images), counts))


def test_levels_out_of_range_give_zeros(pool):
    xs = [np.ones((1, 2, 4, 4), np.float32), np.full((1, 2, 8, 8), 2, np.float32)]
    boxes = np.tile(np.array([1, 1, 3, 3], np.float32), (5, 1))
    levels = np.array([0, 1, 2, -1, 2**40])
    y = pool(xs, boxes, np.array([5]), (2, 2), [1.0, 1.0], levels=levels)
    assert [row.mean() for row in y] == [1, 2, 0, 0, 0]


@pytest.mark.parametrize("shape", [(1, 3, 0, 5), (1, 3, 5, 0)])
def test_map_without_pixels_gives_zeros(pool, shape):
    boxes = np.array([[0, 0, 4, 4]], np.float32)
    assert not pool([np.zeros(shape, np.float32)], boxes, np.array([1]), (2, 2), [1.0]).any()


@pytest.mark.parametrize("place", range(4))
def test_max_over_nan_is_nan(pool, place):
    row = np.array([9, 3, 1, 2], np.float32)
    row[place] = np.nan
    box = np.array([[0, 0, 4, 1]], np.float32)
    assert np.isnan(pool([row[None, None, None]], box, np.array([1]), (1, 1), [1.0], 4, True, "max")).all()


def test_what_is_not_read_does_not_spread(pool):
    x = np.full((1, 1, 16, 16), np.nan, np.float32)
    x[..., 4:9, 4:9] = 1
    y = pool([x], np.array([[5, 5, 8, 8]], np.float32), np.array([1]), (2, 2), [1.0], 2)
    np.testing.assert_allclose(y, 1, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_roi_pool_is_that_of_the_oracle(pool, dtype):
    for seed in range(30):
        x, boxes, images, size, scale = random_rois.case(seed, dtype)
        y = pool([x], boxes, images, size, [scale], mode="roi_pool", batch_format="batch_indices")
        expected = reference.roi_pool(x, boxes, images, size, scale, batch_format="batch_indices")
        np.testing.assert_array_equal(y, expected, f"seed {seed}")


def test_roi_pool_of_bins_larger_than_a_plan(pool):
    x = np.random.default_rng(0).standard_normal((1, 2, 300, 301)).astype(np.float32)
    boxes = np.array([[0, 0, 300, 299], [-40, 10, 500, 12]], np.float32)
    y = pool([x], boxes, np.array([2]), (2, 1), [1.0], mode="roi_pool")
    np.testing.assert_array_equal(y, reference.roi_pool(x, boxes, [2], (2, 1)))
