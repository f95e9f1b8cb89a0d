"""Maps and boxes that do not fit the kernels' scratch memory, and results too large for the cache."""

from __future__ import annotations

import numpy as np
import pytest
from support import TYPES, run

from roiops import export, reference


def pool(x, boxes, output_size, ratio, mode="avg"):
    model = export.make_roi_align_model(
        x_type=TYPES[x.dtype.name],
        boxes_type=TYPES[boxes.dtype.name],
        output_size=output_size,
        sampling_ratio=ratio,
        mode=mode,
    )
    return run(model, {"X": x, "boxes": boxes, "batch": np.array([len(boxes)])})


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("ratio", [-1, 2])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_map_larger_than_the_tile(dtype, ratio, mode):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 9, 700, 901)).astype(dtype)
    boxes = np.array(
        [
            [10.3, 20.9, 40.2, 33.3],  # fits the tile
            [0, 0, 901, 700],  # does not
            [860.5, 650.25, 901, 700],  # the last pixels of the tensor
            [-50, -50, 950, 750],
            [880.1, 3.3, 850.9, 9.9],  # inverted
        ],
        dtype,
    )
    actual = pool(x, boxes, (3, 5), ratio, mode)
    expected = reference.roi_align(x, boxes, [len(boxes)], (3, 5), 1.0, ratio, mode=mode)
    np.testing.assert_allclose(actual, expected, atol=2e-5 if dtype == "float32" else 1e-12)


def test_result_larger_than_the_cache():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((1, 37, 40, 50), np.float32)
    corner = rng.uniform(0, 30, (1500, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(1, 15, (1500, 2))], 1).astype(np.float32)
    actual = pool(x, boxes, (7, 7), 2)
    assert actual.nbytes > 8 << 20
    some = slice(None, None, 20)  # the reference is slow
    expected = reference.roi_align(x, boxes[some], [len(boxes[some])], 7, 1.0, 2)
    np.testing.assert_allclose(actual[some], expected, atol=1e-5)


def test_output_larger_than_a_tile_of_outputs():
    rng = np.random.default_rng(2)
    x = rng.standard_normal((1, 9, 30, 20), np.float32)
    boxes = np.array([[1.5, 2.5, 18.0, 27.0]], np.float32)
    for output_size in [(70, 33), (2, 1500), (1500, 2)]:
        actual = pool(x, boxes, output_size, -1)
        expected = reference.roi_align(x, boxes, [1], output_size)
        np.testing.assert_allclose(actual, expected, atol=1e-5)
