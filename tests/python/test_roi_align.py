"""The NumPy functions: what they take, what they give, and from many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support import ORT_VERSION, boxes_of_sides

import roiops
from roiops import _session, reference

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 5, 12, 15)).astype(np.float32)
BOXES = boxes_of_sides(RNG, 4, 12, 15).astype(np.float32)
COUNTS = np.array([3, 1])


def test_the_example_of_paddles_documentation():
    random = np.random.default_rng(0)
    x = random.random((1, 256, 32, 32), np.float32)
    boxes = random.random((3, 4), np.float32)
    boxes[:, 2] += boxes[:, 0] + 3
    boxes[:, 3] += boxes[:, 1] + 4
    boxes_num = np.array([3], np.int32)
    assert roiops.roi_align(x, boxes, boxes_num, output_size=3).shape == (3, 256, 3, 3)
    assert roiops.RoIAlign(output_size=(4, 3))(x, boxes, boxes_num).shape == (3, 256, 4, 3)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("boxes_dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("counts_dtype", [np.int32, np.int64])
def test_dtypes(dtype, boxes_dtype, counts_dtype):
    if dtype == "bfloat16":
        dtype = pytest.importorskip("ml_dtypes").bfloat16
    x, boxes, counts = X.astype(dtype), BOXES.astype(boxes_dtype), COUNTS.astype(counts_dtype)
    y = roiops.roi_align(x, boxes, counts, 3, 0.5, 2, False)
    assert y.dtype == x.dtype
    expected = reference.roi_align(x, boxes, counts, 3, 0.5, 2, False)
    precision = {"float64": 1e-12, "float32": 1e-5, "float16": 2e-3, "bfloat16": 2e-2}[x.dtype.name]
    np.testing.assert_allclose(y.astype(np.float64), expected, atol=precision, rtol=precision)


def view_of(array):
    """The same numbers, neither contiguous nor aligned to the start of a buffer."""
    padded = np.zeros((*array.shape[:-1], 2 * array.shape[-1] + 1), array.dtype)
    padded[..., 1::2] = array
    return padded[..., 1::2]


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "change",
    [
        view_of,
        read_only,
        np.asfortranarray,
        lambda a: a.astype(a.dtype.newbyteorder(">")),
        lambda a: a[::-1].copy()[::-1],
    ],
    ids=["strided", "read-only", "column-major", "big-endian", "negative stride"],
)
def test_memory_layouts(change):
    expected = roiops.roi_align(X, BOXES, COUNTS, (3, 2))
    np.testing.assert_array_equal(
        roiops.roi_align(change(X), change(BOXES), change(COUNTS), (3, 2)), expected
    )


def test_lists():
    y = roiops.roi_align(X.tolist(), BOXES.tolist(), COUNTS.tolist(), [3, 2])
    assert y.dtype == np.float64  # what NumPy makes of Python floats
    np.testing.assert_allclose(y, reference.roi_align(X.astype(float), BOXES, COUNTS, (3, 2)), atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "boxes", "counts", "result"),
    [
        ((2, 3, 8, 8), np.empty((0, 4)), [0, 0], (0, 3, 2, 2)),
        ((0, 3, 8, 8), np.empty((0, 4)), [], (0, 3, 2, 2)),
        ((1, 0, 8, 8), [[0, 0, 4, 4]], [1], (1, 0, 2, 2)),
        ((1, 3, 0, 8), [[0, 0, 4, 4]], [1], (1, 3, 2, 2)),
        ((1, 3, 8, 0), [[0, 0, 4, 4]], [1], (1, 3, 2, 2)),
    ],
)
def test_empty_inputs(shape, boxes, counts, result):
    y = roiops.roi_align(np.ones(shape, np.float32), boxes, counts, 2)
    assert y.shape == result and not y.any()


def test_the_class_is_the_function():
    pooler = roiops.RoIAlign((2, 3), spatial_scale=0.5)
    for aligned in (True, False):
        np.testing.assert_array_equal(
            pooler(X, BOXES, COUNTS, aligned=aligned),
            roiops.roi_align(X, BOXES, COUNTS, (2, 3), 0.5, aligned=aligned),
        )
    assert repr(pooler) == "RoIAlign(output_size=(2, 3), spatial_scale=0.5)"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_multiscale(dtype):
    if dtype == "bfloat16":
        if ORT_VERSION < (1, 18):
            pytest.skip("MultiScaleRoiAlign in bfloat16 needs ONNX Runtime 1.18")
        dtype = pytest.importorskip("ml_dtypes").bfloat16
    xs = [X.astype(dtype), X[:, :, ::2, ::2].astype(dtype), X[:, :, ::4, ::4].astype(dtype)]
    levels, scales = [2, 0, 1, 0], (1.0, 0.5, 0.25)
    y = roiops.multiscale_roi_align(xs, BOXES, COUNTS, levels, (2, 3), scales, 2, False)
    expected = reference.multiscale_roi_align(xs, BOXES, COUNTS, levels, (2, 3), scales, 2, False)
    assert y.dtype == xs[0].dtype
    precision = {"float64": 1e-12, "float32": 1e-5, "float16": 2e-3, "bfloat16": 2e-2}[y.dtype.name]
    np.testing.assert_allclose(y.astype(np.float64), expected, atol=precision, rtol=precision)


def test_multiscale_with_empty_levels_and_no_boxes():
    xs = [X, X[:, :, ::2, ::2]]
    one = roiops.multiscale_roi_align(xs, BOXES, COUNTS, [1, 1, 1, 1], 3, [1.0, 0.5])
    np.testing.assert_array_equal(one, roiops.roi_align(xs[1], BOXES, COUNTS, 3, 0.5))
    none = roiops.multiscale_roi_align(xs, BOXES[:0], [0, 0], [], 3, [1.0, 0.5])
    assert none.shape == (0, 5, 3, 3)


def test_a_hundred_threads_share_one_session():
    _session._sessions.clear()
    expected = roiops.roi_align(X, BOXES, COUNTS, 5)
    with ThreadPoolExecutor(100) as pool:
        results = list(pool.map(lambda _: roiops.roi_align(X, BOXES, COUNTS, 5), range(400)))
    assert all(np.array_equal(y, expected) for y in results)
    assert len(_session._sessions) == 1


def test_threads_that_start_with_different_attributes_get_their_own_results():
    _session._sessions.clear()
    expected = {size: reference.roi_align(X, BOXES, COUNTS, size) for size in range(1, 7)}
    with ThreadPoolExecutor(24) as pool:
        sizes = [1 + i % 6 for i in range(96)]
        for size, y in zip(sizes, pool.map(lambda size: roiops.roi_align(X, BOXES, COUNTS, size), sizes)):
            np.testing.assert_allclose(y, expected[size], atol=1e-5)


def test_results_do_not_alias_each_other():
    first = roiops.roi_align(X, BOXES, COUNTS, 2)
    kept = first.copy()
    roiops.roi_align(X + 1, BOXES, COUNTS, 2)
    np.testing.assert_array_equal(first, kept)


def test_a_name_builds_no_session():
    _session._sessions.clear()
    expected = roiops.roi_align(X, BOXES, COUNTS, 2)
    np.testing.assert_array_equal(roiops.roi_align(X, BOXES, COUNTS, 2, name="pool"), expected)
    assert len(_session._sessions) == 1


def test_old_sessions_go():
    _session._sessions.clear()
    for size in range(1, _session._CACHED_SESSIONS + 3):
        assert roiops.roi_align(X, BOXES, COUNTS, size).shape[2] == size
    assert len(_session._sessions) == _session._CACHED_SESSIONS


def test_arguments_that_equal_checked_ones_are_checked_too():
    x, box, counts = np.ones((1, 1, 4, 4), np.float32), np.array([[0, 0, 4, 4]], np.float32), [1]
    for size in (1, (1, 1)):
        roiops.roi_align(x, box, counts, size, 1.0, 1, True)
    for wrong in ({"output_size": True}, {"output_size": 1.0}, {"output_size": (1.0, 1.0)}, {"aligned": 1}):
        arguments = {"output_size": 1, "sampling_ratio": 1, "aligned": True, **wrong}
        with pytest.raises(TypeError, match=f"^{next(iter(wrong))}: expected"):
            roiops.roi_align(x, box, counts, **arguments)
    with pytest.raises(TypeError, match="^spatial_scale: expected a number, got list"):
        roiops.roi_align(x, box, counts, 1, [1.0])
